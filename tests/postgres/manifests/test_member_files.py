"""What a member is given before it starts: a configuration without gaps, a closed data folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from postgres import member_files
from postgres.member_files import SettingError, fill, network
from tests.postgres.manifests.shipped import REPOSITORY, pods, rendered

PROGRAM = REPOSITORY / "postgres" / "member_files.py"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program as the image does: alone, without the rest of the repository."""
    return subprocess.run(
        [
            *(sys.executable, "-I", "-S", str(PROGRAM)),
            f"--template={folder / 'template.yml'}",
            f"--output={folder / 'patroni.yml'}",
            f"--data-folder={folder / 'data'}",
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=folder,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a template."""
    (tmp_path / "template.yml").write_text("hba: all ${POD_NETWORK}\n", encoding="utf-8")
    return tmp_path


def test_the_pod_network_is_filled_in(folder: Path) -> None:
    done = run(folder, "--set=POD_NETWORK=10.42.0.0/16")

    assert done.returncode == 0, done.stderr
    assert (folder / "patroni.yml").read_text(encoding="utf-8") == "hba: all 10.42.0.0/16\n"


def test_an_opened_data_folder_is_closed(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data").chmod(0o777)

    run(folder, "--set=POD_NETWORK=10.42.0.0/16")

    assert (folder / "data").stat().st_mode & 0o777 == 0o700


def test_no_data_folder_is_made(folder: Path) -> None:
    run(folder, "--set=POD_NETWORK=10.42.0.0/16")

    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "POD_NETWORK is in the template and has no value"),
        (("--set=POD_NETWORK=",), "POD_NETWORK: '' does not appear to be"),
        (("--set=POD_NETWORK=$(POD_NETWORK)",), "wanted is one like 10.42.0.0/16"),
        (("--set=POD_NETWORK=10.42.1.0/16",), "has host bits set"),
        (("--set=POD_NETWORK=0.0.0.0/0",), "holds every address"),
        (("--set=POD_NETWORK=10.42.0.0/16", "--set=OTHER=1"), "OTHER is set and not in"),
    ],
)
def test_a_member_does_not_start_with(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = run(folder, *words)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "patroni.yml").exists()


def test_networks_of_both_families_are_taken() -> None:
    assert network("fd00:42::/56") == "fd00:42::/56"


def test_a_name_in_the_template_needs_a_value() -> None:
    with pytest.raises(SettingError, match="B is in the template"):
        fill("${A} ${B}", {"A": "1"})


def test_the_container_passes_arguments_that_the_program_knows() -> None:
    (members,) = [pod for pod in pods(rendered("volume")) if "configure" in str(pod.spec)]
    (container,) = members.spec["initContainers"]
    arguments = member_files.parse(container["args"])

    assert container["command"] == ["python3", "/usr/local/lib/gardenos/member_files.py"]
    assert arguments.set == ["POD_NETWORK=$(POD_NETWORK)"]
    assert "POD_NETWORK" in {variable["name"] for variable in container["env"]}
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    for path in (arguments.template, arguments.output, arguments.data_folder):
        assert mounted & {str(parent) for parent in path.parents}
