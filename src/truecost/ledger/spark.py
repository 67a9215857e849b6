"""The same questions on Spark: the ledger's SQL, transpiled, over the same Parquet and the same rates."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from truecost.ledger.engine import Connection, name, text

if TYPE_CHECKING:
    from sqlglot import exp

DUCKDB = "duckdb"
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
LOCAL = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
         "spark.sql.shuffle.partitions": "4"}  # fmt: skip


class NoSpark(ValueError):  # noqa: N818 - the name says what happened
    """Spark that cannot be asked: not installed, no Java, or a master that is none."""


@dataclass(frozen=True, slots=True)
class Spark:
    """A Spark session whose tables `usage` and `rates` are those of a DuckDB connection."""

    session: Any

    def answers(self, query: exp.Query) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows of a question."""
        from truecost.ledger.questions import printed

        found = self.session.sql(printed(query, "spark"))
        return list(found.columns), [tuple(row) for row in found.collect()]


def check_engine(engine: str) -> None:
    """Raises NoSpark for an engine that is neither DuckDB nor a master of Spark."""
    if engine != DUCKDB and not engine.startswith(("local", "spark://", "yarn", "k8s://")):
        raise NoSpark(
            f"--engine {engine}: there is duckdb, and Spark by its master: local[2], spark://HOST:PORT"
        )


@contextmanager
def spark_beside(connection: Connection, engine: str, paths: Sequence[str]) -> Generator[Spark]:
    """Spark with the Parquet of a store as `usage` and the connection's `rates`; stopped at the end.

    `engine` is a master: `local[2]`, `spark://HOST:PORT`. Raises NoSpark where it cannot be started.
    """
    session = _session(engine)
    try:
        with TemporaryDirectory(prefix="truecost-rates-") as folder:
            rates = os.path.join(folder, "rates.parquet")
            connection.execute(f"COPY rates TO {text(rates)} (FORMAT parquet)")
            session.read.parquet(*paths).createOrReplaceTempView("usage")
            session.read.parquet(rates).createOrReplaceTempView("rates")
            yield Spark(session)
    finally:
        session.stop()


def _session(engine: str) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise NoSpark("Spark is not installed: pip install 'truecost[spark]'") from None
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise NoSpark("Spark needs Java 17 or newer: install a JRE, or set JAVA_HOME")
    if engine.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder: Any = SparkSession.builder  # pyright: ignore[reportUnknownMemberType]
    for key, value in (SETTINGS | (LOCAL if engine.startswith("local") else {})).items():
        builder = builder.config(key, value)
    try:
        return builder.master(engine).appName("truecost ledger").getOrCreate()
    except Exception as error:
        said = str(error).strip().splitlines()
        raise NoSpark(f"--engine {engine}: Spark does not start: {said[0] if said else error!r}") from None


def into_table(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], like: str
) -> None:
    """Rows as a temporary table of DuckDB whose types are those of a query."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name(table)} AS SELECT * FROM ({like}) LIMIT 0")
    if rows:
        marks = ", ".join("?" for _ in columns)
        listed = ", ".join(name(one) for one in columns)
        into = f"INSERT INTO {name(table)} ({listed}) VALUES ({marks})"
        connection.executemany(into, [list(row) for row in rows])
