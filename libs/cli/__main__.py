from libs.cli.app import app

app()
