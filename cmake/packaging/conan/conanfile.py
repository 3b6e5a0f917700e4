# SPDX-License-Identifier: MIT
"""Packages the headers of the tree that this file stands in: conan create cmake/packaging/conan (Conan 2)."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir


class RegardConan(ConanFile):
    name = "regard"
    description = "Explains transformers for text and images; header-only C++20"
    license = "MIT"
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    no_copy_source = True

    @property
    def tree(self):
        return os.path.join(self.recipe_folder, "..", "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self.tree, "include", "regard", "version.hpp"))
        self.version = re.search(r'REGARD_VERSION_STRING "([0-9.]+)"', header).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "include/*", "cmake/*"):
            copy(self, pattern, self.tree, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        for dependency in ("eigen/[>=3.4]", "nlohmann_json/[>=3.11]", "utf8proc/[>=2]", "libjpeg/[>=9]", "libpng/[>=1.6]"):
            self.requires(dependency, transitive_headers=True, transitive_libs=True)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for option in ("TESTS", "EXAMPLES"):
            toolchain.cache_variables[f"REGARD_BUILD_{option}"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        rmdir(self, os.path.join(self.package_folder, "lib"))  # Conan writes the package configuration
        rmdir(self, os.path.join(self.package_folder, "share"))
        copy(self, "RegardCompiled.cmake", os.path.join(self.source_folder, "cmake"), os.path.join(self.package_folder, "cmake"))

    def package_info(self):
        self.cpp_info.bindirs = self.cpp_info.libdirs = []
        needs = {
            "regard": ["eigen::eigen"],
            "checkpoint": ["regard", "nlohmann_json::nlohmann_json"],
            "text": ["checkpoint", "utf8proc::utf8proc"],
            "image": ["checkpoint", "libjpeg::libjpeg", "libpng::libpng"],
            "report": ["regard", "nlohmann_json::nlohmann_json"],
            "all": ["text", "image", "report"],
        }
        for name, requires in needs.items():
            component = self.cpp_info.components[name]
            component.set_property("cmake_target_name", f"regard::{name}")
            component.requires = requires
            component.bindirs = component.libdirs = []
            component.includedirs = ["include"] if name == "regard" else []
        # regard::compiled is a library of the consumer's own, with its flags: no component, but a function that makes the target.
        self.cpp_info.set_property("cmake_build_modules", [os.path.join("cmake", "RegardCompiled.cmake")])
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.components["regard"].system_libs = ["pthread"]
