"""Claims about the Serve config."""

from pathlib import Path

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from serve_app import cli
from serve_app.deploy_config import deploy_config, to_yaml
from serve_app.settings import Settings, load_settings

SERVE_YAML = Path(__file__).parents[2] / "serve.yaml"


def test_serve_yaml_is_made_from_the_default_settings() -> None:
    assert SERVE_YAML.read_text(encoding="utf-8") == to_yaml(deploy_config(load_settings()))


def test_the_command_prints_that_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deploy-config"]) == 0
    assert capsys.readouterr().out == SERVE_YAML.read_text(encoding="utf-8")


def test_ray_accepts_the_config() -> None:
    config = yaml.safe_load(to_yaml(deploy_config(load_settings())))
    accepted = ServeDeploySchema.model_validate(config)
    assert accepted.applications[0].import_path == "serve_app.app:build"


def test_the_arguments_bring_back_the_same_settings() -> None:
    settings = load_settings({"http": {"port": 8123}, "queue": {"lease_s": 20}})
    (application,) = deploy_config(settings)["applications"]
    assert Settings.model_validate(application["args"]) == settings
