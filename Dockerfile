# One image for every service: `docker build --build-arg SERVICE=billing -t mainstay/billing .`
# Plain syntax, so that every builder takes it.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /app
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir uv==0.13.9
COPY pyproject.toml uv.lock ./
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1
RUN /opt/uv/bin/uv sync --frozen --no-default-groups --no-install-project

FROM ${BASE}
ARG SERVICE
RUN test -n "${SERVICE}" || { echo "say which: --build-arg SERVICE=billing" >&2; exit 1; }
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY libs/__init__.py libs/__init__.py
COPY libs/events libs/events
COPY libs/service libs/service
COPY libs/cli libs/cli
COPY services/__init__.py services/__init__.py
COPY services/${SERVICE} services/${SERVICE}
ENV PATH=/opt/venv/bin:${PATH} PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MAINSTAY_HOST=0.0.0.0 MAINSTAY_SERVICE=${SERVICE}
USER 65532:65532
EXPOSE 8000
ENTRYPOINT ["python", "-m", "libs.cli"]
CMD ["run"]
