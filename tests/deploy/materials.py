"""A bill of materials (deploy/sbom.py), for the tests of this folder: read, and checked for what CycloneDX asks of it
(cyclonedx.org/docs/1.5/json) and what a scanner needs."""

import json
import re


def checked(text):
    """The document. What is wrong with it is an AssertionError."""
    made = json.loads(text)
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["serialNumber"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made["metadata"]["timestamp"])
    refs = [each["bom-ref"] for each in made["components"]] + [made["metadata"]["component"]["bom-ref"]]
    assert len(refs) == len(set(refs)), "a bom-ref stands for two"
    for each in made["components"]:
        assert each["type"] in ("application", "library", "data") and each["name"] and each["version"], each
        if each["type"] != "application":
            assert re.fullmatch(r"pkg:deb/debian/[a-z0-9.%B-]+@[A-Za-z0-9.%~-]+\?arch=[a-z0-9]+&distro=debian-12", each["purl"]), each["purl"]
    for each in made["dependencies"]:
        assert each["ref"] in refs and set(each["dependsOn"]) <= set(refs), each["ref"]
    for program in programs(made):
        needs = next(each for each in made["dependencies"] if each["ref"] == f"program:{program}")["dependsOn"]
        assert any("/libc6" in need for need in needs), f"{program} is made of no C library"
    return made


def programs(made):
    return sorted(each["name"] for each in made["components"] if each["type"] == "application")


def digest(made, program):
    (found,) = [each for each in made["components"] if each["bom-ref"] == f"program:{program}"]
    return found["hashes"][0]["content"]
