"""Who holds which pass and which host: the register of passes on workers, in Redis.

A pass is *claimed* by one worker, once, together with its hosts, in one step that Redis makes whole; the claim lasts for a
while and is renewed with each sign of life. From that follows, whatever is lost or comes twice on the way:

- a pass that is delivered twice is made once: the second claim is refused, also after the pass has ended;
- a host is asked by one worker at a time, and left alone for a pause in between, also when homes share the workers;
- the service can *withdraw* a pass that nobody has claimed, and then nobody can;
- a register that was started anew, with or without its data, hears those who hold passes before it gives out any;
- a worker that cannot renew its claims is the first to know, and ends its passes before the claims run out.

Keys: `nianbao:pass:TASK` a hash (worker, claim, state, beat, stop), `nianbao:pass:TASK:handed` what became of it,
`nianbao:host:HOST` the task that asks it, `nianbao:workers` a set of names, `nianbao:worker:NAME` what a worker announces,
`nianbao:register` since when this Redis runs. Each but the last has an end of life: what nobody renews vanishes.
"""

import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import redis

from monitor.workers.wire import PREFIX, Beat, Handed, WorkerSeen

log = logging.getLogger(__name__)

TOMBSTONE = 2 * 86400
"""Seconds for which it is remembered that a pass was made or withdrawn: longer than any message lives."""
ANNOUNCED = 60.0
"""Seconds after which a worker that no longer announces itself is nobody's."""
TIMEOUT = 10.0
"""Seconds that the register gets for an answer."""
_QUIET, _QUIET_SHARE = 12.0, 0.24
"""Seconds for which a register that was started anew gives out nothing, or that share of how long a claim lasts, if that is less:
more than two signs of life take (monitor.workers.crew)."""

RegisterError = redis.exceptions.RedisError
"""What every method raises when the register cannot be reached or does not answer."""

# A Redis that was started anew may have forgotten the latest claims (all of them, or those since its last snapshot), and so may a
# replica that took over: whoever holds a pass comes first, and says so within the time for which nothing is given out.
_YOUNG = """
local function young(key, quiet)
  local info = redis.pcall('INFO', 'server')
  local run = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or 'unknown'
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local known = redis.call('HMGET', key, 'run', 'since')
  if known[1] ~= run then
    redis.call('HSET', key, 'run', run, 'since', string.format('%.0f', now))
    return quiet
  end
  return math.max(0, tonumber(known[2]) + quiet - now)
end
"""
# What is held by a task that is no longer there (its worker died) ends with the host's own time, so that two never overlap.
# Whoever asks again, because the answer was lost, has what it had.
_CLAIM = (
    _YOUNG
    + """
local left = young(KEYS[#KEYS], tonumber(ARGV[6]))
local state, claim = unpack(redis.call('HMGET', KEYS[1], 'state', 'claim'))
if state and not (state == 'claimed' and claim == ARGV[5]) then return state end
if not state and left > 0 then return 'host 2 ' .. left end
for index = 2, #KEYS - 1 do
  local holder = redis.call('GET', KEYS[index])
  if holder and holder ~= ARGV[1] then return 'host ' .. index .. ' ' .. redis.call('PTTL', KEYS[index]) end
end
redis.call('HSET', KEYS[1], 'state', 'claimed', 'worker', ARGV[2], 'beat', ARGV[4], 'claim', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
for index = 2, #KEYS - 1 do redis.call('SET', KEYS[index], ARGV[1], 'PX', ARGV[3]) end
return ''
"""
)
# A register that lost its memory (a restart) is told again by whoever still holds the pass.
_RENEW = """
local state, claim = unpack(redis.call('HMGET', KEYS[1], 'state', 'claim'))
if state and (state ~= 'claimed' or claim ~= ARGV[5]) then return 'gone' end
for index = 2, #KEYS do
  local holder = redis.call('GET', KEYS[index])
  if holder and holder ~= ARGV[1] then return 'gone' end
end
redis.call('HSET', KEYS[1], 'state', 'claimed', 'worker', ARGV[2], 'beat', ARGV[4], 'claim', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
for index = 2, #KEYS do redis.call('SET', KEYS[index], ARGV[1], 'PX', ARGV[3]) end
return 'stop:' .. (redis.call('HGET', KEYS[1], 'stop') or '')
"""
# Whoever has lost its claim may have been given up: what it saw is nobody's. Handed over twice (an answer was lost) is once. The pass
# asked its hosts up to now, whatever became of its claim: who comes next leaves them alone as long as ever.
_HAND = """
local state, claim = unpack(redis.call('HMGET', KEYS[1], 'state', 'claim'))
local mine = not state or claim == ARGV[6] and (state == 'claimed' or state == 'made')
if mine and state ~= 'made' then
  redis.call('HSET', KEYS[1], 'state', 'made', 'worker', ARGV[2], 'claim', ARGV[6])
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('SET', KEYS[1] .. ':handed', ARGV[5], 'EX', ARGV[3])
end
for index = 2, #KEYS do
  local holder = redis.call('GET', KEYS[index])
  if tonumber(ARGV[4]) > 0 and (not holder or holder == ARGV[1]) then
    redis.call('SET', KEYS[index], 'pause', 'PX', ARGV[4])
  elseif holder == ARGV[1] then
    redis.call('DEL', KEYS[index])
  end
end
return mine and 1 or 0
"""
_WITHDRAW = """
local state = redis.call('HGET', KEYS[1], 'state')
if state and state ~= 'withdrawn' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'withdrawn')
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
# Only of a claim that ran out: whoever still renews it is alive.
_GIVE_UP = """
if redis.call('HGET', KEYS[1], 'state') == 'claimed' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'lost')
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
_STOP = """
if redis.call('HGET', KEYS[1], 'state') ~= 'claimed' then return 0 end
redis.call('HSETNX', KEYS[1], 'stop', ARGV[1])
return 1
"""


class Taken(Exception):
    """The pass is not to be made: it was claimed, made or withdrawn before."""


class HostBusy(Exception):
    """Another pass asks one of the hosts, or has just done so."""

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(f"{host} is read by another pass, or was a moment ago")
        self.host = host
        self.seconds = seconds
        """Until it may be free."""


class Held(msgspec.Struct, frozen=True):
    """What the register says of a pass."""

    state: str
    """claimed, made, withdrawn or lost."""
    worker: str = ""
    beat: Beat | None = None


def _nonce() -> str:
    return secrets.token_hex(8)


class Hold(msgspec.Struct, frozen=True):
    """A claim that a worker renews. Of two that are equal in all but `claim`, one is refused."""

    task: str
    hosts: tuple[str, ...]
    seconds: float
    """For which it lasts."""
    claim: str = msgspec.field(default_factory=_nonce)
    """Tells it from another claim of the same pass, by the same worker too."""


class Keeps(msgspec.Struct, frozen=True):
    """How safe what a Redis holds is."""

    policy: str
    """What it does when memory is short: `noeviction`, or it throws away what it chooses; empty: unknown."""
    persists: bool
    """Whether it writes to a disk what it holds; also where that is unknown."""


class Register:
    """The register at an address. Any thread may use it."""

    def __init__(self, address: str, timeout: float = TIMEOUT) -> None:
        """`address` is of Redis (`redis://`, `rediss://`); nothing is connected before the first use. Raises ValueError."""
        self._redis = redis.Redis.from_url(
            address,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            socket_keepalive=True,
            health_check_interval=15,
            decode_responses=True,
            encoding_errors="replace",  # what nobody can read is nobody's word, and stops nothing else
        )
        self._claim, self._renew, self._hand, self._withdraw, self._give_up, self._stop = (
            self._redis.register_script(script) for script in (_CLAIM, _RENEW, _HAND, _WITHDRAW, _GIVE_UP, _STOP)
        )

    def close(self) -> None:
        """Ends its connections."""
        self._redis.close()

    def ping(self) -> None:
        """Raises RegisterError if it does not answer."""
        self._redis.ping()

    # Of passes, by workers ----------------------------------------------------------------------------------------

    def claim(self, hold: Hold, worker: str, beat: Beat) -> None:
        """The pass and its hosts are this worker's, for as long as the hold says. Raises Taken, HostBusy (of its first host, where
        the register was started a moment ago)."""
        said = self._claim(
            keys=[*_keys(hold), f"{PREFIX}:register"],
            args=[*_claim_of(hold, worker, beat), _milliseconds(min(_QUIET, hold.seconds * _QUIET_SHARE))],
        )
        if said.startswith("host "):
            _, index, left = said.split()
            raise HostBusy(hold.hosts[int(index) - 2], max(0.0, int(left) / 1000))
        if said:
            raise Taken(said)

    def renew(self, holds: Sequence[tuple[Hold, Beat]], worker: str) -> Mapping[str, str | None]:
        """Renews claims with a sign of life each. By task: why the pass is to end early ("": it is not), or None if it is this
        worker's no longer."""
        pipe = self._redis.pipeline(transaction=False)
        for hold, beat in holds:
            self._renew(keys=_keys(hold), args=_claim_of(hold, worker, beat), client=pipe)
        said = pipe.execute()
        return {
            hold.task: None if word == "gone" else word.removeprefix("stop:")
            for (hold, _), word in zip(holds, said, strict=True)
        }

    def hand(self, hold: Hold, worker: str, handed: Handed, pause: float) -> bool:
        """The pass has ended, and is never made again; its hosts are left alone for `pause` seconds. False: it was given up
        meanwhile, and what is handed over is nobody's."""
        return bool(
            self._hand(
                keys=_keys(hold),
                args=[hold.task, worker, TOMBSTONE, _milliseconds(pause), msgspec.json.encode(handed), hold.claim],
            )
        )

    # Of passes, by the service ------------------------------------------------------------------------------------

    def held(self, tasks: Sequence[str]) -> dict[str, Held]:
        """What it says of these passes; those of which it knows nothing are left out."""
        pipe = self._redis.pipeline(transaction=False)
        for task in tasks:
            pipe.hmget(_pass(task), "state", "worker", "beat")
        found = {}
        for task, (state, worker, beat) in zip(tasks, pipe.execute(), strict=True):
            if state:
                found[task] = Held(state, worker or "", _beat(beat))
        return found

    def handed(self, task: str) -> Handed | None:
        """What became of a pass; None: it is not there. Raises ValueError for what this version does not understand."""
        text = self._redis.get(f"{_pass(task)}:handed")
        return msgspec.json.decode(text, type=Handed) if text else None

    def forget(self, task: str) -> None:
        """What became of a pass is in the record: it need not be told again."""
        self._redis.delete(f"{_pass(task)}:handed")

    def withdraw(self, task: str) -> bool:
        """Nobody makes the pass from now on; False: somebody has claimed it."""
        return bool(self._withdraw(keys=[_pass(task)], args=[TOMBSTONE]))

    def give_up(self, task: str) -> bool:
        """The claim has run out, and whoever had it has it no longer, even if it comes back; False: it is renewed."""
        return bool(self._give_up(keys=[_pass(task)], args=[TOMBSTONE]))

    def stop(self, task: str, why: str) -> bool:
        """Whoever makes the pass ends it early; False: nobody makes it."""
        return bool(self._stop(keys=[_pass(task)], args=[why]))

    # Of workers ---------------------------------------------------------------------------------------------------

    def announce(self, worker: WorkerSeen) -> None:
        """A worker is there."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.sadd(f"{PREFIX}:workers", worker.name)
        pipe.set(f"{PREFIX}:worker:{worker.name}", msgspec.json.encode(worker), px=_milliseconds(ANNOUNCED))
        pipe.execute()

    def leave(self, name: str) -> None:
        """A worker is there no longer."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.srem(f"{PREFIX}:workers", name)
        pipe.delete(f"{PREFIX}:worker:{name}")
        pipe.execute()

    def workers(self) -> list[WorkerSeen]:
        """Those that are there, by name. What an unknown version announces is left out, and logged."""
        names = sorted(str(name) for name in self._redis.smembers(f"{PREFIX}:workers"))
        if not names:
            return []
        found, gone = [], []
        for name, text in zip(names, self._redis.mget([f"{PREFIX}:worker:{name}" for name in names]), strict=True):
            if text is None:
                gone.append(name)
                continue
            try:
                found.append(msgspec.json.decode(text, type=WorkerSeen))
            except msgspec.MsgspecError as error:
                log.warning("worker %r announces itself in words that this version does not know: %s", name, error)
        if gone:
            self._redis.srem(f"{PREFIX}:workers", *gone)
        return found

    def silent(self, names: Sequence[str]) -> dict[str, float]:
        """Seconds since each of these workers announced itself, by the register's own clock; those that are gone are left out."""
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.pttl(f"{PREFIX}:worker:{name}")
        left = dict(zip(names, pipe.execute(), strict=True))
        return {
            name: max(0.0, ANNOUNCED - milliseconds / 1000) for name, milliseconds in left.items() if milliseconds > 0
        }

    def keeps(self) -> Keeps:
        """What becomes of what it holds when memory is short, and in a restart."""
        memory, persistence = self._redis.info("memory"), self._redis.info("persistence")
        try:
            snapshots = str(self._redis.config_get("save").get("save", ""))
        except RegisterError:  # many who host it allow no CONFIG
            snapshots = "?"
        persists = bool(snapshots.strip()) or bool(int(persistence.get("aof_enabled", 0)))
        return Keeps(str(memory.get("maxmemory_policy", "")), persists)


def _pass(task: str) -> str:
    return f"{PREFIX}:pass:{task}"


def _claim_of(hold: Hold, worker: str, beat: Beat) -> list[str | int | bytes]:
    return [hold.task, worker, _milliseconds(hold.seconds), msgspec.json.encode(beat), hold.claim]


def _beat(text: str | None) -> Beat | None:
    try:
        return msgspec.json.decode(text, type=Beat) if text else None
    except msgspec.MsgspecError:
        return None  # of another version: that the claim stands is all that matters


def _keys(hold: Hold) -> list[str]:
    return [_pass(hold.task), *_hosts(hold.hosts)]


def _hosts(hosts: Iterable[str]) -> list[str]:
    return [f"{PREFIX}:host:{host}" for host in hosts]


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
