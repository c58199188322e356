/**
 * The harnesses of the C decoders (`test/fuzz/native/`): what they are built from, the inputs that they begin with, and a fault for
 * each that can be planted to see whether it would be found.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  encodeAck,
  encodeAdopt,
  encodeFinish,
  encodeHeartbeat,
  encodeHello,
  encodeList,
  encodeSignal,
  encodeSpawn,
  encodeStore,
  encodeUnstore,
} from '../../broker/supervisor/init-wire.js';
import { projectRoot } from '../support/source-tree.js';
import { keptCases } from './corpus.js';
import { busSeeds } from './decoders/bus-seeds.js';
import type { Packet } from './packet.js';

export interface Target {
  readonly name: string;
  /** Relative to the project's root; the first one is the harness. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
  seeds(): readonly Uint8Array[];
  /** A check that is taken out of one of the sources. */
  readonly planted: { readonly source: string; readonly from: string; readonly to: string };
}

/** A packet as both harnesses read it: a byte that says what comes with it, the length, the bytes. */
function packetBytes(control: number, bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(3);
  length[0] = control;
  length.writeUInt16LE(bytes.length, 1);
  return Buffer.concat([length, bytes]);
}

function initSeeds(): Buffer[] {
  const spawn = encodeSpawn({
    token: 7,
    cookie: Uint8Array.of(1, 2),
    argv: ['/bin/a', 'b'],
    env: ['A=b'],
    cwd: '/',
    targets: [1, 5],
    isolation: 'session',
    groups: [4],
    rlimits: [{ resource: 7, soft: 9 }],
    hasCgroup: true,
  });
  const hello = packetBytes(0, encodeHello());
  const requests: readonly (readonly [number, Uint8Array])[] = [
    [3, spawn],
    [0, encodeAdopt(9, 77, Uint8Array.of(1))],
    [0, encodeSignal(7, 15, 'group')],
    [16, encodeAck(7, 1)],
    [1, encodeStore('name')],
    [0, encodeUnstore('name')],
    [0, encodeList()],
    [8, encodeHeartbeat()],
    [0, encodeFinish(3, 500)],
    [
      0,
      encodeSpawn({
        token: 1,
        cookie: new Uint8Array(0),
        argv: ['a'],
        env: [],
        targets: [],
        isolation: 'none',
      }),
    ],
  ];
  const all = requests.map(([control, bytes]) => packetBytes(control, bytes));
  const inOnePacket = Buffer.concat(requests.map(([, bytes]) => bytes));
  return [
    ...all.map((request) => Buffer.concat([hello, request])),
    Buffer.concat([hello, ...all]),
    Buffer.concat([hello, packetBytes(4, inOnePacket)]),
    // A connection that breaks off while answers wait.
    Buffer.concat([hello, packetBytes(8 | 3, spawn), packetBytes(32, encodeHello())]),
  ];
}

function receiveSeeds(): Buffer[] {
  const turn = (control: number, packets: readonly Packet[]): Buffer =>
    Buffer.concat([
      Buffer.of(control | packets.length),
      ...packets.map(({ bytes, descriptors }, index) =>
        packetBytes(descriptors | ((index % 16) << 3), bytes),
      ),
    ]);
  const corpus = keptCases('bus-server').flatMap(({ input }) => input);
  const packets = [...busSeeds('client'), ...corpus].filter(({ bytes }) => bytes.length < 400);
  const seeds: Buffer[] = [];
  for (let at = 0; at < packets.length && at < 30; at += 3) {
    seeds.push(turn((at % 4) << 3, packets.slice(at, at + 3)));
  }
  return [...seeds, turn(8, [{ bytes: Buffer.from('0800000004000200', 'hex'), descriptors: 7 }])];
}

function optionSeeds(): Buffer[] {
  const lines: readonly (readonly string[])[] = [
    ['--services', '5', '--descriptors=7', '--no-clone3', '--', 'broker', 'x'],
    ['--watchdog', '1000', '--restart-min', '1', '--restart-max', '9', '--restart-reset', '5', 'b'],
    ['--restart-limit', '4294967295', '--grace', '0', '--pass-fd', '3', '--pass-fd', '4', 'b'],
    // Short, so that a change to one of the numbers is likely.
    [...Array.from({ length: 7 }, (_, at) => `--p=${3 + at}`), 'b'],
    ['--version'],
    ['--help'],
    [...Array.from({ length: 16 }, () => '--k=A'), 'b'],
  ];
  return lines.map((line) => Buffer.from(`${line.join('\0')}\0`));
}

const build = ['-DCAPSTAN_BUILD="0"', '-Ibroker/init'];

export const targets: readonly Target[] = [
  {
    name: 'init',
    sources: [
      'test/fuzz/native/init.c',
      ...['request', 'answer', 'channel', 'table', 'store'].map((name) => `broker/init/${name}.c`),
    ],
    flags: [...build, '-Drecvmsg=fuzz_recvmsg', '-Dsendmsg=fuzz_sendmsg'],
    seeds: initSeeds,
    planted: {
      source: 'broker/init/channel.c',
      from: ' || header[7] > length - HEADER_BYTES',
      to: '',
    },
  },
  {
    name: 'addon-receive',
    // It includes the addon's own receive.c.
    sources: ['test/fuzz/native/addon-receive.c'],
    flags: ['-DNAPI_VERSION=8', '-isystem', join(process.execPath, '../../include/node'), '-Ibroker/native'],
    seeds: receiveSeeds,
    planted: {
      source: 'broker/native/receive.c',
      from: 'control->cmsg_type == SCM_RIGHTS || control->cmsg_type == SCM_PIDFD',
      to: 'control->cmsg_type == SCM_RIGHTS',
    },
  },
  {
    name: 'options',
    sources: ['test/fuzz/native/options.c', 'broker/init/options.c'],
    flags: build,
    seeds: optionSeeds,
    planted: {
      source: 'broker/init/options.c',
      from: 'options->passed[other] == (int)number',
      to: 'options->passed[other] < 0',
    },
  },
];

/** The text of a source with its fault planted. Throws if the check is not there any more. */
export function plantedText({ planted: { source, from, to } }: Target): string {
  const text = readFileSync(join(projectRoot, source), 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${source} does not have once: ${from}`);
  return text.replace(from, to);
}
