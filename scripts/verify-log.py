#!/usr/bin/env python3
"""Verifies a log as docs/log-format.md describes it, without any code of Daybook.

usage: verify-log.py DATABASE_URL [--heads FILE] [--public-key BASE64]

Needs Python 3.9 and psql. Prints "verified N events" and ends with 0, or prints the first wrong
sequence and ends with 1. It remembers every stream and every id, so its memory grows with the log.
"""
import argparse, base64, hashlib, itertools, json, os, re, subprocess, sys, zlib

EVENTS = ('sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at, actor, '
          'command_id, correlation_id, causation_id, data')
BATCHES = 'recorded_at, first_sequence, event_count, batch_id, size, records'
OUTCOMES = 'actor, idempotency_key, fingerprint, command_id, sequence, event_count, rejection'
HEAD = ("ledger, sequence, encode(hash, 'hex'), encode(commands_hash, 'hex'), chained_after, "
        'archived_through')
RANGES = "first_sequence, last_sequence, encode(hash_before, 'hex'), encode(hash, 'hex'), last_at"
sha256 = lambda data: hashlib.sha256(data).digest()
time = lambda text: text[:-3]  # Without +00, times of UTC sort as texts.


class Fault(Exception):
    pass


def fault(sequence, reason):
    raise Fault(f'sequence {sequence}: {reason}')


def psql(url, script, **pipes):
    env = {**os.environ, 'PGTZ': 'UTC', 'PGDATESTYLE': 'ISO', 'PGCLIENTENCODING': 'UTF8'}
    command = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    process.stdin.write(script.encode())
    process.stdin.flush()
    return process


def read(url, snapshot, query):
    """Yields the lines of COPY, all queries as of one moment."""
    process = psql(url, 'begin isolation level repeatable read read only; '
                   f"set transaction snapshot '{snapshot}'; copy ({query}) to stdout;\n")
    process.stdin.close()
    for line in process.stdout:
        yield line[:-1]
    if process.wait() != 0:
        sys.exit(2)


ESCAPES = {b'b': b'\b', b'f': b'\f', b'n': b'\n', b'r': b'\r', b't': b'\t', b'v': b'\v'}
unescape = lambda field: re.sub(rb'\\(.)', lambda m: ESCAPES.get(m[1], m[1]), field, flags=re.S)


# Ed25519, as in RFC 8032, section 6.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
add = lambda p, q: (lambda e, f, g, h: (e * f % P, g * h % P, f * g % P, e * h % P))(
    *(lambda a, b, c, d: (b - a, d - c, d + c, b + a))(
        (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]),
        2 * p[3] * q[3] * D, 2 * p[2] * q[2]))


def multiply(n, p):
    q = (0, 1, 1, 0)
    while n > 0:
        q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q


def point(data):
    y = int.from_bytes(data, 'little')
    sign, y = y >> 255, y & (1 << 255) - 1
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if x * x % P != x2:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != x2 or y >= P or (x == 0 and sign):
        raise ValueError('not a point')
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, 'little'))


def is_signed(public, message, signature):
    try:
        a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], 'little')
    except ValueError:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), 'little') % L
    p, q = multiply(s, BASE), add(r, multiply(h, a))
    return s < L and all((p[i] * q[2] - q[i] * p[2]) % P == 0 for i in (0, 1))


def read_heads(file, ledger, trusted):
    heads = []
    for number, line in enumerate(open(file, 'rb').read().splitlines(), 1):
        parts = re.fullmatch(rb'(\{.*),"signature":"([A-Za-z0-9+/]{86}==)"\}', line)
        try:
            head = json.loads(line) if parts else {}
        except ValueError:
            head = {}
        wrong = ('is not a signed head' if head.get('format') != 'daybook-head-1' else
                 'has a signature that is not that of its text' if not is_signed(
                     base64.b64decode(head['publicKey']), parts[1], base64.b64decode(parts[2])) else
                 'is signed by another key' if trusted not in (None, head['publicKey']) else
                 'is of another ledger' if head['ledger'] != ledger else None)
        if wrong:
            raise Fault(f'line {number} of {file} {wrong}')
        heads.append(head)
    return sorted(heads, key=lambda head: time(head['batchAt']))


class Events:
    """The chain of events, up to `sequence`."""

    def __init__(self, lines, begin, versions):
        self.lines, (self.sequence, self.hash, self.at) = lines, begin
        self.versions, self.ids, self.streams = versions, set(), set()

    def to(self, last):
        while self.sequence < last:
            line = next(self.lines, None)
            if line is None:
                return last != float('inf') and fault(self.sequence + 1, 'events are missing')
            self.check(*line.rsplit(b'\t', 1))

    def check(self, line, stored):
        sequence, stream, version, id, _, _, at, occurred = line.decode().split('\t')[:8]
        number, expected = int(sequence), self.sequence + 1
        if number != expected:
            fault(min(number, expected), 'events are missing, or doubled')
        self.hash = sha256(self.hash + line)
        if self.hash.hex().encode() != stored:
            fault(number, 'the event is not the one that was recorded')
        if time(at) <= time(self.at) or time(occurred) > time(at):
            fault(number, 'the event has a time that it cannot have')
        if self.versions.get(stream, 0) not in (None, int(version) - 1) or id in self.ids:
            fault(number, 'the event has a version or an id that it cannot have')
        self.sequence, self.at, self.versions[stream] = number, at, int(version)
        self.ids.add(id)
        self.streams.add(stream)


class Groups:
    """Lines that begin with the time of their batch."""

    def __init__(self, lines):
        self.lines, self.next = lines, next(lines, None)

    def of(self, at, sequence):
        found = []
        while self.next is not None and time(self.next.split(b'\t')[0].decode()) <= time(at):
            line_at, rest = self.next.split(b'\t', 1)
            if line_at.decode() != at:
                fault(sequence, 'an outcome or a term has no batch of commands')
            found.append(rest)
            self.next = next(self.lines, None)
        return found


def account_ids(value):
    if isinstance(value, dict):
        for name, member in value.items():
            named = isinstance(member, str) and re.search('(^a|A)ccountId$', name)
            yield from [member] if named else account_ids(member)
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(account_ids, value))


def terms_of(records, streams):
    texts, found = records['texts'], set()
    for row in records['records']:
        id, name, actor, _, _, _, _, correlation, _, rejection, others, given = row
        found |= {'i:' + id[:12], 'n:' + texts[name], 'a:' + texts[actor]}
        found |= {'o:' + rejection[0]} if rejection else set()
        found |= {'c:' + correlation} if correlation not in (None, id) else set()
        accounts = {*others, *account_ids(given)}
        found |= {'k:' + account for account in accounts if 'account-' + account not in streams}
    crc = [zlib.crc32(text.encode()) for text in found]
    return {str(c - 2**32 if c >= 2**31 else c).encode() for c in crc}


def archived_end(copy, seed, through):
    """Where the archived events end, and the versions of their streams there."""
    sequence, hash, at = 0, seed, ''
    for row in copy(f'select {RANGES} from archived_ranges order by 1'):
        first, last, before, after, at = row.decode().split('\t')
        if int(first) != sequence + 1 or before != hash.hex():
            fault(sequence + 1, 'the summary of the archived events was changed')
        sequence, hash = int(last), bytes.fromhex(after)
    if sequence != through:
        fault(min(sequence, through) + 1, 'the summary of the archived events was changed')
    streams = copy('select stream_id, version, last_sequence from archived_streams '
                   f'where first_sequence <= {through}')
    rows = [row.decode().split('\t') for row in streams]
    # A summary of an interrupted archive goes beyond the end, so the version there is not known.
    versions = {row[0]: int(row[1]) if int(row[2]) <= through else None for row in rows}
    return (sequence, hash, at), versions


def verify(url, heads_file, trusted):
    holder = psql(url, 'begin isolation level repeatable read read only; '
                  'lock table events in access share mode; select pg_export_snapshot();\n')
    snapshot = holder.stdout.readline().strip().decode()
    copy = lambda query: read(url, snapshot, query)
    head = next(copy(f'select {HEAD} from log_head')).decode().split('\t')
    ledger, head_sequence, chained_after = head[0], int(head[1]), int(head[4])
    heads = read_heads(heads_file, ledger, trusted) if heads_file else []
    commands, archived = sha256(ledger.encode()), int(head[5])
    begin, versions = archived_end(copy, commands, archived)
    events = Events(copy(f"select {EVENTS}, encode(hash, 'hex') from events order by sequence"),
                    begin, versions)
    later, before = 'true', ''
    if archived > 0:
        [[before, hash, last]] = [row.decode().split('\t') for row in copy(
            "select recorded_at, encode(hash, 'hex'), first_sequence + event_count - 1 "
            f"from command_batches where recorded_at <= '{begin[2]}' "
            'order by recorded_at desc limit 1')]
        if int(last) != archived:
            fault(archived, 'the summary of the archived events was changed')
        commands, later = bytes.fromhex(hash), f"recorded_at > '{before}'"
        now = [before, archived, begin[1].hex(), hash]
        while heads and time(heads[0]['batchAt']) <= time(before):
            signed = heads.pop(0)
            if signed['batchAt'] == before and [
                    signed[name] for name in ('batchAt', 'sequence', 'hash', 'commandsHash')] != now:
                fault(archived, 'the archived events differ from a signed head')
    outcomes = Groups(copy(f'select recorded_at, {OUTCOMES} from command_outcomes '
                           f'where {later} order by recorded_at, sequence, command_id'))
    terms = Groups(copy(f'select recorded_at, term from command_terms where {later} '
                        'order by recorded_at, term'))
    following, good = archived + 1, archived
    for row in copy(f"select {BATCHES}, encode(hash, 'hex') from command_batches "
                    f'where {later} order by recorded_at'):
        line, stored = row.rsplit(b'\t', 1)
        at, first, count, _, _, records = line.split(b'\t')
        at, first, last = at.decode(), int(first), int(first) + int(count) - 1
        if first != following and first > chained_after + 1:
            fault(min(first, following), 'the batch of commands of this event is missing')
        events.to(first - 1)
        events.streams.clear()
        events.to(min(first, last))
        own = events.at == at if last >= first else time(at) > time(events.at)
        if not own or time(at) <= time(before):
            fault(first, 'the batch of commands has a time that it cannot have')
        events.to(last)
        state = b''
        for outcome in outcomes.of(at, first):
            state = sha256(state + outcome)
        commands = sha256(b'\t'.join([commands + line, events.hash.hex().encode(), state.hex().encode()]))
        if commands.hex().encode() != stored:
            fault(first, 'the batch of commands is not the one that was recorded')
        if set(terms.of(at, first)) != terms_of(json.loads(unescape(records)), events.streams):
            fault(first, 'command_terms does not fit the command records')
        now = [at, events.sequence, events.hash.hex(), commands.hex()]
        while heads and time(heads[0]['batchAt']) <= time(at):
            signed = heads.pop(0)
            if [signed[name] for name in ('batchAt', 'sequence', 'hash', 'commandsHash')] != now:
                fault(min(good + 1, signed['sequence']), 'the log differs from a signed head')
            good = signed['sequence']
        following, before = last + 1, at
    sequence = events.sequence
    events.to(float('inf'))
    if events.sequence > sequence:
        fault(sequence + 1, 'the batch of commands of this event is missing')
    if heads:
        fault(sequence + 1, 'a signed head has what the log lacks')
    if outcomes.next or terms.next:
        fault(sequence + 1, 'an outcome or a term has no batch of commands')
    if head_sequence != sequence:
        fault(min(head_sequence, sequence) + 1, 'log_head has another sequence')
    if [head[2], head[3]] != [events.hash.hex(), commands.hex()]:
        fault(sequence, 'log_head has another hash')
    holder.stdin.close()
    unread = f'; events 1 to {archived} are archived and were not read' if archived else ''
    return f'verified {sequence - archived} events{unread}'


parser = argparse.ArgumentParser()
parser.add_argument('url')
parser.add_argument('--heads')
parser.add_argument('--public-key')
given = parser.parse_args()
try:
    print(verify(given.url, given.heads, given.public_key))
except Fault as wrong:
    print(wrong)
    sys.exit(1)
