/**
 * Bad input on the real manager, over every transport (design §7.7): a clear error or a closed connection for the one who sent
 * it; everything else goes on, and no descriptor is left.
 */
import { chmodSync, mkdirSync, openSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { descriptorReserve, packetBytesMax, packetDescriptorsMax } from '../../broker/contract/limits.js';
import { loadNative } from '../../broker/native/addon.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { transportSocket } from '../../clients/library/address.js';
import { transportNames } from '../../clients/library/connect.js';
import * as bus from '../../transports/bus/wire.js';
import { capstan, jsonLines, TestManager, temporaryDirectory, writeServices } from '../support/capstan.js';
import { eventually, within } from '../support/eventually.js';
import { descriptorsSince, openDescriptors } from '../support/leaks.js';
import { transportEntry } from '../support/parts.js';
import { descriptorCount } from '../support/processes.js';
import { type RawSocket, rawConnect } from '../support/raw-connection.js';
import { encodePacket, helloFrame } from '../support/sockets-frames.js';

const loop = openPacketLoop({ packetBytesMax, descriptorReserve });

test.after.always('the loop is closed', () => {
  loop.release();
});

const sleeper = 'type = process\ncommand = sleep 1000\n';

const services = {
  boot: 'type = internal\ndepends-on = web\n',
  web: sleeper,
  good: sleeper,
  typo: 'type = process\ncomand = sleep 1\ncommand = sleep 1\n',
  silent: 'type = process\n',
  nothing: 'type = process\ncommand = /nowhere/program\n',
  round: 'type = internal\ndepends-on = other\n',
  other: 'type = internal\nwaits-for = round\n',
  garbage: '\0\u0001\u{fffd}= \\"[{\n\u0007#\n=\n',
  large: `# ${'x'.repeat(2_000_000)}\n`,
  nobody: `${sleeper}run-as = no-such-user\n`,
  late: 'type = scripted\ncommand = sleep 1000\nstart-timeout = 0.2\nstop-timeout = 0.2\n',
};

/** What is said about each of them. */
const complaints: Readonly<Record<string, readonly string[]>> = {
  typo: ['/typo:2:1: ', "did you mean 'command'"],
  silent: ['/silent:1:8: ', "needs a 'command'"],
  nothing: ['cannot execute /nowhere/program', 'ENOENT'],
  round: ['/other:2:13: ', 'round → other → round'],
  garbage: ['/garbage:1:1: ', 'and 2 more'],
  large: ['/large: is larger than'],
  nobody: ['/nobody:3:10: ', "no user 'no-such-user'"],
  directory: ['/directory: is a directory'],
  circle: ['/circle: ', 'ELOOP'],
  'sub/name': ["'sub/name' is not a service name"],
  absent: ["no service 'absent'"],
  late: ['did not start within 0.2 s'],
};

test.serial(
  'a description that cannot be used is refused with its place; everything else goes on',
  async (t) => {
    const manager = await TestManager.start((undo) => t.teardown(undo), { services });
    mkdirSync(join(manager.directory, 'services/directory'));
    symlinkSync('circle', join(manager.directory, 'services/circle'));
    const before = await brokerOf(manager);
    for (const transport of transportNames()) {
      const names = Object.keys(complaints);
      const { status, stdout, stderr } = await manager.command('--transport', transport, 'start', ...names);
      t.is(status, 1);
      t.is(stdout, '');
      for (const [name, parts] of Object.entries(complaints)) {
        const line = stderr.split('\n').find((text) => text.startsWith(`capstan: ${name}: `)) ?? '';
        for (const part of parts) t.true(line.includes(part), `'${part}' is not in: ${stderr}`);
      }
      await demandUnmoved(t, manager, transport, before);
    }
  },
);

test('check says of every file why it cannot be read, and warns of programs that are not there', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  writeServices(directory, {
    ...services,
    'not-executable': 'type = process\ncommand = ./boot\n',
    'not-in-path': 'type = scripted\ncommand = true\nstop-command = no-such-program-anywhere x\n',
    relative: 'type = process\ncommand = ./program\nworking-dir = sub\n',
    'sub/program': '#!/bin/sh\n',
  });
  chmodSync(join(directory, 'sub/program'), 0o755);
  symlinkSync('circle', join(directory, 'circle'));
  symlinkSync('nowhere', join(directory, 'dangling'));
  const { status, stderr } = await capstan(['check', '-d', directory]);
  t.is(status, 1);
  for (const part of [
    '/circle: ',
    "there is no service 'dangling'",
    `${directory}/nothing:2:11: warning: 'command' cannot be executed: /nowhere/program does not exist`,
    `${directory}/not-executable:2:11: warning: 'command' cannot be executed: ${directory}/boot is not executable`,
    `${directory}/not-in-path:3:16: warning: 'stop-command' cannot be executed: there is no program`,
  ]) {
    t.true(stderr.includes(part), `'${part}' is not in: ${stderr}`);
  }
  for (const name of ['relative', 'web', 'sub']) t.false(stderr.includes(`${directory}/${name}`), stderr);
  const fine = await capstan(['check', '-d', directory, 'nothing']);
  t.is(fine.status, 0, 'a warning is no error');
  const quiet = await capstan([
    'run',
    '--quiet',
    '-d',
    directory,
    '--socket',
    join(directory, 'x'),
    'nothing',
    'silent',
  ]);
  t.is(quiet.status, 1);
  t.false(quiet.stderr.includes('warning'), 'nothing but errors with --quiet');
});

test('a description or a directory that the user may not read is said to be so', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  writeServices(directory, { boot: 'type = internal\nwaits-for = secret\n', secret: sleeper });
  chmodSync(directory, 0o755);
  chmodSync(join(directory, 'secret'), 0);
  const prefix =
    process.geteuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const run = (...args: readonly string[]) => capstan(args, { prefix });
  for (const command of ['check', 'run']) {
    const { status, stderr } = await run(
      command,
      '-d',
      directory,
      '--socket',
      join(directory, 'control'),
      'boot',
    );
    t.is(status, 1);
    if (command === 'check') t.regex(stderr, /boot:2:13: error: .*secret: permission denied \(EACCES\)/);
  }
  chmodSync(directory, 0o311);
  const { status, stderr } = await run('check', '-d', directory);
  chmodSync(directory, 0o755);
  t.is(status, 1);
  t.regex(stderr, /directory .* cannot be read: permission denied \(EACCES\)/);
});

test('a file that is no socket is not taken for a manager, and stays', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  writeServices(directory, { boot: 'type = internal\n', control: 'precious' });
  for (const socket of ['control', 'c']) {
    if (socket === 'c') writeFileSync(join(directory, 'c.bus'), '');
    const { status, stderr } = await capstan(['run', '-d', directory, '--socket', join(directory, socket)]);
    t.is(status, 1);
    t.true(stderr.includes('that is not a socket'), stderr);
  }
  t.true(readdirSync(directory).includes('control'));
});

/** What a client sends and then says no more. Headers: length, kind, flags, descriptors, padding. */
interface BadClient {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly descriptors?: number;
  readonly isAfterHello?: boolean;
}

function header(length: number, kind: number, descriptors: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.set([kind, 0, descriptors, 0], 4);
  return bytes;
}

const badClients: readonly BadClient[] = [
  { what: 'text', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
  { what: 'half a header', bytes: header(16, 1, 0).subarray(0, 4) },
  { what: 'half a frame', bytes: header(64, 1, 0) },
  { what: 'no frame of this kind', bytes: header(16, 250, 0), isAfterHello: true },
  { what: 'half a frame, later', bytes: header(4096, 16, 0), isAfterHello: true },
  { what: 'descriptors that it declares', bytes: header(16, 1, 253), descriptors: packetDescriptorsMax },
  { what: 'descriptors that it does not', bytes: header(16, 1, 0), descriptors: packetDescriptorsMax },
  {
    what: 'descriptors, later',
    bytes: header(16, 16, 253),
    descriptors: packetDescriptorsMax,
    isAfterHello: true,
  },
];

function helloOf(transport: string): Uint8Array {
  if (transport === 'sockets') return encodePacket([helloFrame()]);
  const bytes = new Uint8Array(bus.helloBytes);
  bus.writeHello(new DataView(bytes.buffer), 0);
  return bytes;
}

test.serial(
  'a client that sends garbage is cut off; nobody else notices, and no descriptor is left',
  async (t) => {
    const manager = await TestManager.start((undo) => t.teardown(undo), { services });
    const before = await brokerOf(manager);
    const mute: RawSocket[] = [];
    for (const transport of transportNames()) {
      const path = transportSocket(manager.socket, transport);
      if (transportEntry(transport).manifest.peerEnd === 'probe') {
        // There is nobody to cut off: what is no message of ours is dropped.
        for (const { bytes } of badClients) loadNative().sendDatagram(path, bytes, 0, bytes.byteLength);
        await demandUnmoved(t, manager, transport, before, mute.length);
        continue;
      }
      for (const client of badClients) {
        const socket = rawConnect(loop, path);
        if (client.isAfterHello === true) {
          socket.send(helloOf(transport));
          await eventually('the welcome', () => socket.packets.length > 0);
        }
        const descriptors = Array.from({ length: client.descriptors ?? 0 }, () => openSync('/dev/null', 'r'));
        socket.send(client.bytes, descriptors);
        await within(`${transport}: ${client.what}: the end of the connection`, socket.ended);
        socket.close();
      }
      mute.push(rawConnect(loop, path));
      await demandUnmoved(t, manager, transport, before, mute.length);
    }
    for (const socket of mute) {
      await within('the end of a connection on which nothing is said', socket.ended);
      socket.close();
    }
    await demandUnmoved(t, manager, 'sockets', before);
    t.is((await manager.end()).status, 0);
  },
);

interface BrokerFacts {
  readonly pid: number;
  readonly descriptors: ReadonlyMap<number, string>;
  readonly web: unknown;
}

async function brokerOf(manager: TestManager): Promise<BrokerFacts> {
  const [info] = jsonLines((await manager.command('--json', 'status')).stdout);
  const pid = Number(info?.['pid']);
  const web = (await manager.status('web'))['pid'];
  return { pid, web, descriptors: openDescriptors(pid) };
}

/** The same broker answers and starts services, its service runs on, and it has as many descriptors as before. */
async function demandUnmoved(
  t: ExecutionContext,
  manager: TestManager,
  transport: string,
  before: BrokerFacts,
  connections = 0,
): Promise<void> {
  const command = (...args: readonly string[]) => manager.command('--transport', transport, ...args);
  const started = await command('start', 'good');
  t.is(started.status, 0, started.stderr);
  t.is((await command('stop', 'good')).status, 0);
  const [info] = jsonLines((await command('--json', 'status')).stdout);
  t.like(info, { pid: before.pid, broker_restarts: 0 });
  t.is((await manager.status('web'))['pid'], before.web);
  const wanted = before.descriptors.size + connections;
  try {
    await eventually('descriptors back', () => descriptorCount(before.pid) <= wanted);
  } catch {
    const since = descriptorsSince(before.descriptors, before.pid);
    t.fail(
      `${descriptorCount(before.pid)} descriptors are open, and ${wanted} were; new: ${since.join(', ')}`,
    );
  }
}
