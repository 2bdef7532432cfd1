"""The recipes of the README for DuckDB."""

import pytest
from fake_scorer import FakeScorer

pytestmark = pytest.mark.slow
duckdb = pytest.importorskip("duckdb")
pa = pytest.importorskip("pyarrow")

from detector import arrow  # noqa: E402


@pytest.fixture
def database(texts):
    connection = duckdb.connect()
    connection.execute("create table articles (id integer, body varchar)")
    rows = pa.table({"id": list(range(len(texts))), "body": texts})
    connection.execute("insert into articles select * from rows")
    connection.execute("insert into articles values (9999, null)")
    yield connection
    connection.close()
    assert rows.num_rows == len(texts)


def test_a_vectorised_function_over_arrow(database, texts):
    scorer = FakeScorer()

    def filler(texts):
        found = arrow.score_column(texts, scorer=scorer, reasons=0)
        return pa.StructArray.from_arrays([found.field("score"), found.field("label")], ["score", "label"])

    kind = duckdb.struct_type({"score": "DOUBLE", "label": "VARCHAR"})
    database.create_function("filler", filler, ["VARCHAR"], kind, type="arrow", null_handling="special")
    query = "select id, s.score, s.label from (select id, filler(body) as s from articles) order by id"
    found = database.execute(query).fetchall()
    assert found[:-1] == [(n, scorer.score(text).score, scorer.score(text).label) for n, text in enumerate(texts)]
    assert found[-1] == (9999, None, "error")


def test_a_stream_of_batches_back_into_a_table(database, texts):
    scorer = FakeScorer()
    articles = database.cursor().sql("select id, body from articles order by id").to_arrow_reader(64)
    scored = arrow.score_batches(articles, column="body", keep=["id"], scorer=scorer)
    database.execute("create table scored as select * from scored")
    found = database.execute("select id, score, label, words, reasons[1].feature from scored order by id").fetchall()
    reports = [scorer.score(text) for text in texts]
    assert found[:-1] == [
        (n, report.score, report.label, report.words, report.reasons[0].feature) for n, report in enumerate(reports)
    ]
    assert found[-1][:3] == (9999, None, "error")
    assert scored.schema.names[0] == "id"
