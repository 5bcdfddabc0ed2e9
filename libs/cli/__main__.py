from libs.cli.app import app

app(prog_name="mainstay")
