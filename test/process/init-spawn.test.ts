/** What a process gets that init starts, and what comes back when it cannot be started (docs/spec/init.md I3–I7). */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { encodeAck, encodeList, encodeSignal, type SpawnRequest } from '../../broker/supervisor/init-wire.js';
import { type Broker, type InitRun, readyInit, shell } from '../support/init-run.js';
import { childrenOf } from '../support/processes.js';

const isRoot = process.getuid?.() === 0;

/** A check that cannot be made here, and why. */
function skipped(t: ExecutionContext, why: string): void {
  t.log(why);
  t.pass();
}

/** What a shell script prints that runs as a process of init. */
async function output(
  init: InitRun,
  broker: Broker,
  script: string,
  more: Partial<SpawnRequest> = {},
  token = 1,
): Promise<string> {
  const file = await broker.open(init.file(`out-${token}`), 'w');
  await broker.started(shell(token, script, { targets: [1, 2], ...more }), [file, file]);
  await broker.exit(token);
  await broker.order({ do: 'close', descriptor: file });
  return init.text(`out-${token}`);
}

test('I7: an exit is told with its status or signal, the next number, and what was used', async (t) => {
  const { broker } = await readyInit(t);
  const spawned = await broker.started(shell(7, 'exit 3'));
  const exit = await broker.exit(7);
  t.like(exit, { sequence: 1, pid: spawned.pid, cause: 'exited', status: 3 });
  t.true(exit.exitedUs >= spawned.startedUs && exit.residentKibibytesMax > 0);
  await broker.started(shell(8, 'kill -SEGV $$'));
  const killed = await broker.exit(8);
  t.is(killed.sequence, 2);
  t.not(killed.cause, 'exited');
  t.is(killed.status, 11);
});

test('I6: what cannot be executed comes back as stage and errno, and leaves no zombie', async (t) => {
  const { init, broker } = await readyInit(t);
  writeFileSync(init.file('not-executable'), 'x');
  const plain = shell(1, '');
  const missing = await broker.spawn({ ...plain, argv: ['/nonexistent/program'] });
  t.like(missing, { kind: 'spawn-failed', stage: 'exec', errno: 2 });
  const denied = await broker.spawn({ ...plain, argv: [init.file('not-executable')] });
  t.like(denied, { kind: 'spawn-failed', stage: 'exec', errno: 13 });
  const unfound = await broker.spawn({ ...plain, argv: ['no-such-program-anywhere'] });
  t.like(unfound, { kind: 'spawn-failed', stage: 'exec', errno: 2 });
  const empty = await broker.spawn({ ...plain, argv: [''] });
  t.like(empty, { kind: 'spawn-failed', stage: 'exec', errno: 2 });
  const elsewhere = await broker.spawn({ ...plain, cwd: '/nonexistent' });
  t.like(elsewhere, { kind: 'spawn-failed', stage: 'directory', errno: 2 });
  const limit = await broker.spawn({ ...plain, rlimits: [{ resource: 7, soft: 10, hard: 5 }] });
  t.like(limit, { kind: 'spawn-failed', stage: 'rlimit', errno: 22 });
  const terminal = await broker.spawn({ ...plain, isolation: 'none', hasTerminal: true });
  t.like(terminal, { kind: 'spawn-failed', stage: 'request', errno: 22 });
  const notTerminal = await broker.spawn({ ...plain, hasTerminal: true });
  t.like(notTerminal, { kind: 'spawn-failed', stage: 'terminal', errno: 25 });
  t.deepEqual(childrenOf(init.pid), [broker.pid]);
  t.is(broker.of('exit').length, 0);
  // The token is free again.
  await broker.started(plain);
  await broker.exit(1);
});

test('I6: a failure with credentials of its own comes back in the same way', async (t) => {
  const { init, broker } = await readyInit(t);
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const missing = await broker.spawn({ ...shell(1, ''), argv: ['/nonexistent/program'], ...own });
  t.like(missing, { kind: 'spawn-failed', stage: 'exec', errno: 2 });
  t.deepEqual(childrenOf(init.pid), [broker.pid]);
  await broker.started(shell(2, 'exit 4', own));
  t.is((await broker.exit(2)).status, 4);
});

test('I5: argv, environment, working directory and PATH are the ones named', async (t) => {
  const { init, broker } = await readyInit(t);
  const env = ['EMPTY=', 'NAME=a value=with\nnewline', 'PATH=/usr/bin:/bin'];
  const script = 'echo "$0|$1|$2"; pwd; tr "\\0" "#" < /proc/$$/environ';
  const text = await output(init, broker, '', {
    argv: ['sh', '-c', script, 'zero', '', 'ünïcode'],
    env,
    cwd: '/usr',
  });
  t.is(text, `zero||ünïcode\n/usr\n${env.join('#')}#`);
  mkdirSync(init.file('bin'));
  writeFileSync(init.file('bin/without-shebang'), 'echo "script $0 $1"\n', { mode: 0o755 });
  const file = await broker.open(init.file('direct'), 'w');
  await broker.started(
    {
      ...shell(2, ''),
      argv: ['without-shebang', 'a b'],
      env: [`PATH=/nonexistent:${init.file('bin')}`],
      targets: [1],
    },
    [file],
  );
  await broker.exit(2);
  t.is(init.text('direct'), `script ${init.file('bin/without-shebang')} a b\n`);
});

test('I5: umask, nice, rlimits and the oom score are set', async (t) => {
  const { init, broker } = await readyInit(t);
  const text = await output(
    init,
    broker,
    'umask; nice; ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Ss; cat /proc/self/oom_score_adj',
    {
      umask: 0o027,
      nice: 5,
      oomScoreAdj: 500,
      rlimits: [
        { resource: 7, soft: 111, hard: 222 },
        { resource: 4, hard: 0 },
        { resource: 3, soft: 1_048_576 },
      ],
    },
  );
  t.deepEqual(text.trim().split('\n'), ['0027', '5', '111', '222', '0', '1024', '500']);
});

test('I5: services get the soft limit of descriptors that init was started with, the broker the hard one', async (t) => {
  const { init, broker } = await readyInit(t, {
    through: ['/bin/sh', '-c', 'ulimit -Sn 300; exec "$@"', 'sh'],
  });
  t.is(await output(init, broker, 'ulimit -Sn'), '300\n');
  const hard = await output(init, broker, 'ulimit -Hn', {}, 2);
  t.is(`${broker.greeting.descriptors}\n`, hard);
  t.is(broker.of('welcome')[0]?.nofileSoft, 300);
});

test('I5: the descriptors are under their numbers, and there is no other', async (t) => {
  const { init, broker } = await readyInit(t);
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(init.file(name), name);
  const [a, b, c, d] = [
    await broker.open(init.file('a'), 'r'),
    await broker.open(init.file('b'), 'r'),
    await broker.open(init.file('c'), 'r'),
    await broker.open(init.file('d'), 'r'),
  ];
  const out = await broker.open(init.file('list'), 'w');
  // The shell's own program is replaced, so that only the directory that `ls` reads is added.
  const list = shell(1, 'exec ls -l /proc/self/fd', { targets: [7, 4, 1, 5, 6] });
  await broker.started(list, [a, b, out, c, d]);
  await broker.exit(1);
  const lines = [...init.text('list').matchAll(/ (\d+) -> (.*)$/gm)]
    .map(([, number, target]) => `${number} ${target}`)
    .filter((line) => !line.endsWith('/fd'));
  t.deepEqual(lines.map((line) => line.replace(`${init.directory}/`, '')).sort(), [
    '0 /dev/null',
    '1 list',
    '2 /dev/null',
    '4 b',
    '5 c',
    '6 d',
    '7 a',
  ]);
});

test('I5: no signal is blocked or ignored, whatever the parent of init had set', async (t) => {
  const script = 'trap "" HUP PIPE USR1 TSTP CHLD; exec "$@"';
  const { init, broker } = await readyInit(t, { through: ['/bin/sh', '-c', script, 'sh'] });
  const text = await output(init, broker, '', {
    argv: ['grep', '^Sig[BI]', '/proc/self/status'],
  });
  t.deepEqual(text.match(/[0-9a-f]{16}/g), ['0000000000000000', '0000000000000000']);
});

test('I5: a session, a group, or neither', async (t) => {
  const { init, broker } = await readyInit(t);
  const script = 'cut -d" " -f1,5,6 /proc/$$/stat';
  const numbers = async (isolation: 'session' | 'group' | 'none', token: number): Promise<number[]> =>
    (await output(init, broker, script, { isolation }, token)).trim().split(' ').map(Number);
  const [pid, group, session] = await numbers('session', 1);
  t.true(pid === group && pid === session);
  const [pid2, group2, session2] = await numbers('group', 2);
  t.true(pid2 === group2 && pid2 !== session2);
  const [pid3, group3] = await numbers('none', 3);
  t.not(pid3, group3);
});

test('I5: uid, gid and groups', async (t) => {
  if (!isRoot) return skipped(t, 'not root: nobody else can be become');
  const { init, broker } = await readyInit(t);
  const text = await output(
    init,
    broker,
    'id -u; id -g; id -G; grep "^CapEff\\|^NoNewPrivs" /proc/self/status',
    {
      uid: 65534,
      gid: 65533,
      groups: [65532, 65531],
      noNewPrivs: true,
    },
  );
  t.deepEqual(text.trim().split('\n'), [
    '65534',
    '65533',
    '65533 65531 65532',
    'CapEff:\t0000000000000000',
    'NoNewPrivs:\t1',
  ]);
});

test('I5: capabilities: ambient ones are kept by another user, the bounding set is what was named', async (t) => {
  if (!isRoot) return skipped(t, 'not root: no capability can be given');
  const { init, broker } = await readyInit(t);
  const netBind = 1n << 10n;
  const text = await output(init, broker, 'grep ^Cap /proc/self/status', {
    uid: 65534,
    gid: 65534,
    groups: [],
    capabilities: { inheritable: netBind, ambient: netBind, bounding: netBind },
  });
  t.deepEqual([...new Set(text.match(/[0-9a-f]{16}/g))], ['0000000000000400']);
  const refused = await broker.spawn(
    shell(2, '', { capabilities: { inheritable: 0n, ambient: netBind, bounding: netBind } }),
  );
  t.like(refused, { kind: 'spawn-failed', stage: 'request' });
});

test('I6: an ordinary user cannot become another, and init says at which stage', async (t) => {
  const through = isRoot ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : [];
  const { broker } = await readyInit(t, { through });
  t.like(await broker.spawn(shell(1, '', { uid: 0 })), { stage: 'uid', errno: 1 });
  t.like(await broker.spawn(shell(1, '', { gid: 0 })), { stage: 'gid', errno: 1 });
  t.like(await broker.spawn(shell(1, '', { groups: [0] })), { stage: 'groups', errno: 1 });
  t.like(await broker.spawn(shell(1, '', { nice: -5 })), { stage: 'nice', errno: 13 });
  await broker.started(
    shell(1, 'exit 0', { uid: process.getuid?.() === 0 ? 65534 : (process.getuid?.() ?? 0) }),
  );
  t.is((await broker.exit(1)).status, 0);
});

test('I5: a process starts in its cgroup', async (t) => {
  if (!isRoot) return skipped(t, 'not root: no cgroup can be made');
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1];
  if (mount === undefined) return skipped(t, 'no cgroup version 2 is mounted here');
  const { init, broker } = await readyInit(t);
  const name = `capstan-test-${process.pid}`;
  try {
    mkdirSync(`${mount}/${name}`);
  } catch (error) {
    return skipped(t, `no cgroup can be made here: ${error}`);
  }
  t.teardown(() => rmdirSync(`${mount}/${name}`));
  const directory = await broker.open(`${mount}/${name}`, 'r');
  const file = await broker.open(init.file('cgroup'), 'w');
  await broker.started(shell(1, 'grep ^0:: /proc/self/cgroup', { targets: [1], hasCgroup: true }), [
    file,
    directory,
  ]);
  await broker.exit(1);
  t.true(init.text('cgroup').trim().endsWith(`/${name}`));
  const notOne = await broker.open(init.directory, 'r');
  t.like(await broker.spawn(shell(2, '', { hasCgroup: true }), [notOne]), { stage: 'cgroup', errno: 2 });
});

test('I3: a known token starts nothing and is answered again, also when the process is dead', async (t) => {
  const { init, broker } = await readyInit(t);
  const request = shell(9, 'exec sleep 60');
  const first = await broker.started(request);
  const second = await broker.started(request);
  t.false(first.isRepeated);
  t.like(second, { pid: first.pid, isRepeated: true, isDead: false, startedUs: first.startedUs });
  t.is(await broker.look(second.descriptor), `pidfd of ${first.pid}`);
  t.deepEqual(childrenOf(init.pid).sort(), [broker.pid, first.pid].sort());
  await broker.send(encodeSignal(9, 15, 'process'));
  const exit = await broker.next('exit');
  const third = await broker.started(request);
  t.like(third, { pid: first.pid, isRepeated: true, isDead: true });
  await broker.send(encodeAck(9, exit.sequence + 1));
  t.true((await broker.started(request)).isDead, 'an ACK of another number forgets nothing');
  await broker.send(encodeAck(9, exit.sequence));
  t.false((await broker.started(request)).isRepeated, 'after the ACK the token is new');
});

test('I4: a full table refuses, and has room again after an ACK', async (t) => {
  const { broker } = await readyInit(t, { options: ['--services', '2'] });
  await broker.started(shell(1, 'exit 1'));
  await broker.started(shell(2, 'exit 2'));
  t.like(await broker.spawn(shell(3, 'exit 3')), { kind: 'spawn-failed', stage: 'table', errno: 28 });
  await broker.exit(1);
  await broker.started(shell(3, 'exit 3'));
  t.is((await broker.exit(3)).status, 3);
});

test('I5: everything works the same without clone3', async (t) => {
  const { init, broker } = await readyInit(t, { options: ['--no-clone3'] });
  const spawned = await broker.started(shell(1, 'exec sleep 60'));
  t.is(await broker.look(spawned.descriptor), `pidfd of ${spawned.pid}`);
  await broker.send(encodeSignal(1, 9, 'process'));
  t.is((await broker.exit(1)).status, 9);
  t.like(await broker.spawn({ ...shell(2, ''), argv: ['/nonexistent'] }), { stage: 'exec', errno: 2 });
  t.like(await broker.spawn({ ...shell(2, ''), argv: ['/nonexistent'], groups: [] }), {
    stage: isRoot ? 'exec' : 'groups',
  });
  t.is(await output(init, broker, 'echo $0', {}, 3), '/bin/sh\n');
  t.deepEqual(childrenOf(init.pid), [broker.pid]);
});

test('I8: a cookie of the longest kind comes back whole', async (t) => {
  const { broker } = await readyInit(t);
  const cookie = new TextEncoder().encode('c'.repeat(1024));
  const spawned = await broker.started({ ...shell(1, 'read line'), cookie, argv: ['/bin/sleep', '60'] });
  await broker.send(encodeList());
  const service = await broker.next('service');
  t.is(service.cookie, 'c'.repeat(1024));
  t.is(service.pid, spawned.pid);
  t.throws(() => shell(1, '', { cookie: new Uint8Array(1025) }) && encodeAck(0, 1), {
    instanceOf: RangeError,
  });
});

test('I5: variables that are for one process alone get its number, also with credentials of its own', async (t) => {
  const { init, broker } = await readyInit(t);
  const env = [
    'PATH=/usr/bin:/bin',
    'WATCHDOG_PID=0000000000',
    'LISTEN_PID=0000000000',
    'OTHER_PID=0000000000',
    'WATCHDOG_PID_TOO=0000000000',
  ];
  const script = 'echo $$ $WATCHDOG_PID $LISTEN_PID $OTHER_PID $WATCHDOG_PID_TOO';
  const ids = isRoot ? [{}, { uid: 65534, gid: 65534, groups: [] }] : [{}];
  for (const [index, more] of ids.entries()) {
    const asked = await output(init, broker, script, { env, tellsOwnPid: true, ...more }, index + 1);
    const [pid] = asked.split(' ');
    t.is(asked, `${pid} ${pid} ${pid} 0000000000 0000000000\n`);
  }
  const unasked = await output(init, broker, 'echo $WATCHDOG_PID', { env }, 3);
  t.is(unasked, '0000000000\n');
  const kept = ['PATH=/usr/bin:/bin', 'WATCHDOG_PID=12', 'LISTEN_PID=00000000000'];
  const strange = await output(
    init,
    broker,
    'echo $WATCHDOG_PID $LISTEN_PID',
    { env: kept, tellsOwnPid: true },
    4,
  );
  t.is(strange, '12 00000000000\n');
  if (!isRoot) t.log('only with the credentials of init itself: others need root');
});
