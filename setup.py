"""Only what pyproject.toml cannot say: the Verilog of hdl/ is installed as sparsesim/hdl."""

from setuptools import find_namespace_packages, setup

setup(
    packages=[*find_namespace_packages(include=["sparsesim*"]), "sparsesim.hdl"],
    package_dir={"sparsesim.hdl": "hdl"},
)
