"""Our Java classes, which Spark compiles by itself: Janino is in every Spark, for generated code.

What belongs here: compiling the sources in `java/` and finding a class. What does not: what the
classes do (`listing`, `native_reader`, `native_counts`).
"""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def native(spark: SparkSession, name: str) -> Any:
    """An object of a class in `java/`; compiled and given to all executors on first use."""
    java_session: Any = spark._jsparkSession  # noqa: SLF001
    java: Any = spark.sparkContext._jvm  # noqa: SLF001
    loader = java_session.sharedState().jarClassLoader()
    # A new thread of Python has one of Java's that does not know the jars of the session.
    java.Thread.currentThread().setContextClassLoader(loader)
    try:
        known = loader.loadClass(name)
    except Py4JJavaError:
        spark.sql(f"ADD JAR '{_compiled(spark, java, loader)}'")
        known = loader.loadClass(name)
    return known.getDeclaredConstructor(None).newInstance(None)


def _compiled(spark: SparkSession, java: Any, loader: Any) -> Path:
    """A jar with the compiled sources, the same bytes for the same sources."""
    texts = {
        path.name: path.read_text(encoding="utf-8")
        for path in files("ml_insights.spark").joinpath("java").iterdir()
        if path.name.endswith(".java")
    }
    digest = sha256(json.dumps(sorted(texts.items())).encode()).hexdigest()[:16]
    folder: Any = spark.sparkContext._temp_dir  # noqa: SLF001
    jar = Path(folder) / f"ml_insights-{digest}.jar"
    resources = java.org.codehaus.commons.compiler.util.resource
    compiled = resources.MapResourceCreator()
    compiler = java.org.codehaus.janino.Compiler()
    compiler.setIClassLoader(java.org.codehaus.janino.ClassLoaderIClassLoader(loader))
    compiler.setClassFileCreator(compiled)
    array = spark.sparkContext._gateway.new_array(resources.Resource, len(texts))  # type: ignore[union-attr]  # noqa: SLF001
    for n, (name, text) in enumerate(sorted(texts.items())):
        array[n] = resources.StringResource(name, text)
    compiler.compile(array)
    with zipfile.ZipFile(jar, "w") as zipped:
        for name, content in sorted(dict(compiled.getMap()).items()):
            zipped.writestr(zipfile.ZipInfo(name), bytes(content))
    return jar
