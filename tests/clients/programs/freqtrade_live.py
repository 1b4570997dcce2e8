"""freqtrade in live mode until all of several trades are closed, or one in parts; gives its database."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

told = json.loads(sys.argv[1])
Path("urls.json").write_text(json.dumps(told["settings"]))
PARTLY = "select id from orders where filled > 0 and filled < amount"
OPEN = "select id from trades where is_open"
CLOSED = "select id from trades where not is_open"


def rows(query):
    """What the database answers; nothing before it is made."""
    try:
        with sqlite3.connect("file:trades.sqlite?mode=ro", uri=True) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query)]
    except sqlite3.OperationalError:
        return []


example = Path(told["example"])
command = [Path(sys.executable).parent / "freqtrade", "trade", "--userdir", "user"]
for name in (*(example / name for name in told.get("configs", ["config.json"])), "urls.json"):
    command += ["--config", name]
command += ["--strategy-path", example, "--strategy", "InParts", "--db-url", "sqlite:///trades.sqlite"]
Path("user").mkdir()
with Path("log").open("w") as log:
    bot = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    ends = time.monotonic() + told["seconds"]
    enough = told.get("trades", sys.maxsize)
    while time.monotonic() < ends and bot.poll() is None:
        if not rows(OPEN) and (rows(PARTLY) or len(rows(CLOSED)) >= enough):
            break
        time.sleep(0.5)
    lines = Path("log").read_text().splitlines()
    bot.send_signal(signal.SIGINT)
    bot.wait(60)
report = {table: rows(f"select * from {table} order by id") for table in ("trades", "orders")}
report["complaints"] = [line for line in lines if " ERROR " in line or " WARNING " in line]
report["last lines"] = lines[-20:]
print(json.dumps(report, default=str))
