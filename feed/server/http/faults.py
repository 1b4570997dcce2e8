"""Faults on the links of clients, set while the server runs, with a key of the scope ``admin``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, cast

import msgspec
import structlog

from feed.dialects.access import Problem, Shape
from feed.dialects.discovery import dialects
from feed.dialects.execution import Execution
from feed.dialects.messages import unknown
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint
from feed.faults.runtime import NameTaken, NoSuchFault, RunTimeFault, RunTimeFaults
from feed.model.events import Event
from feed.model.faults import Fault, LastingFault, RefuseHandshakes, RequestFault
from feed.model.requests import FillOrder, share_of
from feed.model.timeline import verb
from feed.server.durable.kinds import FAULT, FAULTS_END
from feed.server.http.admin import ADMIN
from feed.server.http.context import RequestContext
from feed.server.http.fault_kinds import (
    COMMON,
    AnyFault,
    FaultAim,
    FaultRequest,
    LastingRequest,
    MessageRequest,
    PartialFillFault,
)

log = structlog.get_logger("feed.admin")

PATH: Final = "/admin/faults"
_LONGEST_NAME: Final = 64


class RunTimeFaultShown(Shape):
    """
    A fault that was set at run time.

    Attributes:
        name: Tells it from the others.
        kind: What it is.
        settings: The fields of its kind.
        aim: Whom it strikes.
        duration_seconds: For how long; null until it is removed, or when it is over at once.
        seconds_left: Until it ends by itself; null when it does not, or is over.
        seq: Sequence number of the last event before it.
        market_time: Of that event, nanoseconds since the Unix epoch.
        connections: How many it struck so far.
        refused: How many handshakes it turned away so far, or requests of whom it bans.
        over: Whether it has ended; true from the start of one that does not last.
    """

    name: str
    kind: str
    settings: dict[str, Any]
    aim: FaultAim
    duration_seconds: float | None
    seconds_left: float | None
    seq: int
    market_time: int
    connections: int
    refused: int
    over: bool


class FaultList(Shape):
    """
    What goes wrong on purpose.

    Attributes:
        name: Always this.
        data: The faults of the scenario that have begun, and whom each has struck.
        faults: Those that were set at run time, in the order in which they were added.
    """

    name: Literal["faults"]
    data: list[Any]
    faults: list[RunTimeFaultShown]


class FaultsRemoved(Shape):
    """
    Faults that are no more.

    Attributes:
        removed: What became of each.
    """

    removed: list[RunTimeFaultShown]


def show_faults(context: RequestContext, call: Call) -> FaultList:
    """All of them, or the one of a name alone."""
    name = call.text("name")
    context.service_log.look(PATH)
    if name:
        return FaultList(name="faults", data=[], faults=[_shown(context.faults, _found(context, name))])
    data = msgspec.to_builtins(context.registry.faults.statistics(), enc_hook=str)
    return FaultList(name="faults", data=data, faults=[_shown(context.faults, one) for one in context.faults])


def add_fault(context: RequestContext, call: Call) -> RunTimeFaultShown | Execution:
    """Let a fault begin; what the market has a part in is answered when that has acted."""
    request = cast("FaultRequest", call.body)
    protocol = request.aim.dialect
    if protocol and protocol not in dialects():
        raise Problem(
            400, "bad_request", f"{unknown('protocol', [protocol])}; known are {', '.join(dialects())}"
        )
    fields = msgspec.to_builtins(request)
    if isinstance(request, MessageRequest) and request.symbol is not None:
        context.instrument(request.symbol)
    fill = _fill(context, request) if isinstance(request, PartialFillFault) else None
    try:
        fault = request.fault()
        if isinstance(fault, RequestFault) and verb(type(fault)) not in dialects()[protocol].disruptions:
            raise Problem(400, "bad_request", f"{protocol} has no words for the fault {fields['kind']!r}")
        _check_connection(context, request.aim.connection, fault)
        context.faults.check_name(request.name)
        seconds = request.duration_seconds if isinstance(request, LastingRequest) else None
        recorded = {
            "settings": fields,
            "until": None if seconds is None else context.clock() + seconds,
            "lasts": isinstance(fault, LastingFault),
            "seq": context.seq,
        }
        if not request.aim.connection:  # after a restart another one has its number
            context.service_log.record(FAULT, recorded, part=PATH)
        added = context.faults.add(
            request.name,
            fault,
            kind=fields["kind"],
            settings=fields,
            seconds=seconds,
            connection=request.aim.connection,
        )
    except NameTaken as problem:
        raise Problem(409, "conflict", str(problem)) from None
    except ValueError as problem:
        raise Problem(400, "bad_request", f"The body does not fit: {problem}") from None
    shown = _shown(context.faults, added)
    _log("fault added", call, shown)
    return shown if fill is None else Execution(request=fill, answer=partial(_filled, shown))


def remove_fault(context: RequestContext, call: Call) -> RunTimeFaultShown:
    """End a fault, and forget it."""
    name = _found(context, call.text("name")).name
    context.service_log.record(FAULTS_END, {"names": [name]}, part=PATH)
    shown = _shown(context.faults, context.faults.remove(name))
    _log("fault removed", call, shown)
    return shown


def reset_faults(context: RequestContext, call: Call) -> FaultsRemoved:
    """End and forget all of them."""
    names = [one.name for one in context.faults]
    context.service_log.record(FAULTS_END, {"names": names}, part=PATH)
    removed = [_shown(context.faults, one) for one in context.faults.reset()]
    for shown in removed:
        _log("fault removed", call, shown)
    return FaultsRemoved(removed=removed)


def recorded(faults: RunTimeFaults, now: float) -> dict[str, dict[str, Any]]:
    """
    What :func:`restore` takes, of those that are at work and last.

    Args:
        faults: Those of the server.
        now: Seconds since the Unix epoch.
    """
    found = {}
    for one in faults:
        if not one.record.over and not one.active.connection:
            left = faults.seconds_left(one)
            until = None if left is None else now + left
            settings = dict(one.settings)
            found[one.name] = {"settings": settings, "until": until, "lasts": True, "seq": one.record.seq}
    return found


def restore(faults: RunTimeFaults, recorded: Mapping[str, Mapping[str, Any]], now: float) -> None:
    """
    Let faults go on that were at work before, for what is left of their time.

    Args:
        faults: Those of the server.
        recorded: What was recorded of each, by its name.
        now: Seconds since the Unix epoch.
    """
    for name, one in recorded.items():
        left = None if one["until"] is None else one["until"] - now
        if left is not None and left <= 0:
            continue
        try:
            request = msgspec.convert(one["settings"], AnyFault)
            fault = request.fault()
        except ValueError as problem:
            log.warning("a fault of another release is left out", name=name, reason=str(problem))
            continue
        seconds = request.duration_seconds if isinstance(request, LastingRequest) else None
        settings = msgspec.to_builtins(request)
        faults.add(name, fault, kind=settings["kind"], settings=settings, seconds=seconds, left=left)


def _check_connection(context: RequestContext, number: int, fault: Fault) -> None:
    """Look whether a fault can strike the connection that it names. Raises :class:`Problem`: it cannot."""
    if not number:
        return
    if isinstance(fault, RefuseHandshakes | RequestFault):
        raise Problem(400, "bad_request", "This kind strikes no connection: leave out 'aim.connection'")
    if not any(one.number == number for one in context.registry.connections):
        raise Problem(404, "not_found", f"There is no connection {number}")


def _fill(context: RequestContext, request: PartialFillFault) -> FillOrder:
    """What the market is to do. Raises :class:`Problem`: nothing may be done, and nothing has been."""
    names = [grant.name for grant in context.keys.grants]
    if request.aim.key not in names:
        raise Problem(400, "bad_request", f"{unknown('key', [request.aim.key])}; 'aim.key' says whose order")
    if not context.takes_orders:
        raise Problem(409, "conflict", "Nobody can trade in this market")
    at, _ = context.instrument(request.symbol)
    account = context.keys.grants[names.index(request.aim.key)].account
    return FillOrder(account=account, instrument=at, share=share_of(request.fraction))


def _filled(shown: RunTimeFaultShown, events: Sequence[Event]) -> RunTimeFaultShown:
    if not events:
        raise Problem(409, "conflict", "Connections were cut, but no order of that account could be filled")
    return shown


def _found(context: RequestContext, name: str) -> RunTimeFault:
    try:
        return context.faults.find(name)
    except NoSuchFault as problem:
        raise Problem(404, "not_found", str(problem)) from None


def _log(what: str, call: Call, shown: RunTimeFaultShown) -> None:
    by = None if call.grant is None else call.grant.name
    log.info(what, by=by, name=shown.name, kind=shown.kind, seq=shown.seq, connections=shown.connections)


def _shown(faults: RunTimeFaults, fault: RunTimeFault) -> RunTimeFaultShown:
    record = fault.record
    return RunTimeFaultShown(
        name=fault.name,
        kind=fault.kind,
        settings={name: value for name, value in fault.settings.items() if name not in {*COMMON, "kind"}},
        aim=msgspec.convert(fault.settings["aim"], FaultAim),
        duration_seconds=fault.seconds,
        seconds_left=faults.seconds_left(fault),
        seq=record.seq,
        market_time=record.market_time,
        connections=record.connections,
        refused=record.refused,
        over=record.over,
    )


def _name(default: str | None) -> Parameter:
    meaning = "Name of a fault that was set at run time."
    return Parameter(name="name", meaning=meaning, default=default, most=_LONGEST_NAME, example="slow")


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
    """Those of this module."""
    missing = {404: "There is no fault of that name."}
    return (
        Endpoint(
            path=PATH,
            summary="What goes wrong on the links of clients",
            handle=show_faults,
            access=ADMIN,
            guarded=True,
            changes=True,
            parameters=(_name(""),),
            returns=FaultList,
            refusals=missing,
            group="Admin",
        ),
        Endpoint(
            method="POST",
            path=PATH,
            summary="Let something go wrong on the links of clients",
            handle=add_fault,
            access=ADMIN,
            guarded=True,
            body=AnyFault,
            returns=RunTimeFaultShown,
            status=201,
            refusals={
                404: "There is no such instrument, or no such connection.",
                409: "A fault of that name is at work, or too many are; or there is no order to fill.",
                503: "The market takes no requests now.",
            },
            group="Admin",
        ),
        Endpoint(
            method="DELETE",
            path=PATH,
            summary="End a fault that was set at run time",
            handle=remove_fault,
            access=ADMIN,
            guarded=True,
            parameters=(_name(None),),
            returns=RunTimeFaultShown,
            refusals=missing,
            group="Admin",
        ),
        Endpoint(
            method="POST",
            path=f"{PATH}/reset",
            summary="End all faults that were set at run time",
            handle=reset_faults,
            access=ADMIN,
            guarded=True,
            returns=FaultsRemoved,
            group="Admin",
        ),
    )
