/**
 * Small programs in a Node process of their own: for what ends the process, for its limits, and for the other side of a
 * connection that is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { within } from './eventually.js';

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

export interface ProgramOptions {
  /** RLIMIT_NOFILE, soft and hard. */
  readonly descriptorsMax?: number;
  /** Handed to the program as descriptors 3, 4, … */
  readonly descriptors?: readonly number[];
  readonly args?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

export interface Program {
  readonly child: ChildProcess;
  /** Standard output so far. */
  output(): string;
  /** Resolves when the process has ended and its output was read. */
  readonly ended: Promise<ProgramResult>;
}

/**
 * What every packet program finds imported: the loop, open; the addon; `frame(socket, bodyBytes, descriptors,
 * declared)`, which commits a frame; and `ignore`, a handler that does nothing. `descriptorReserve` is the loop's
 * option.
 */
export function packetPrelude(descriptorReserve = 64): string {
  const url = (name: string): string =>
    JSON.stringify(new URL(`../../broker/native/${name}`, import.meta.url).href);
  return `
import { openPacketLoop } from ${url('packet-loop.js')};
import { loadNative } from ${url('addon.js')};
import { writeFrameHeader, frameLength } from ${url('frames.js')};
const native = loadNative();
const loop = openPacketLoop({ packetBytesMax: 73728, descriptorReserve: ${descriptorReserve} });
const ignore = { packet() {}, ended() {}, drained() {} };
const frame = (socket, bodyBytes, descriptors = [], declared = descriptors.length) => {
  const at = socket.begin(frameLength(bodyBytes));
  writeFrameHeader(loop.sendView, at, bodyBytes, 1, 0, declared);
  socket.commit(descriptors);
};
`;
}

/** Starts a program of ES module source that uses the packet layer. */
export function startPacketProgram(
  source: string,
  options: ProgramOptions = {},
  descriptorReserve?: number,
): Program {
  return startProgram(packetPrelude(descriptorReserve) + source, options);
}

/** Starts a program of ES module source. */
export function startProgram(source: string, options: ProgramOptions = {}): Program {
  const node = [process.execPath, '--input-type=module', '-e', source, '--', ...(options.args ?? [])];
  const limit = options.descriptorsMax;
  const argv = limit === undefined ? node : ['sh', '-c', `ulimit -n ${limit} && exec "$@"`, 'sh', ...node];
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe', ...(options.descriptors ?? [])],
    env: { ...process.env, ...options.environment },
  });
  let output = '';
  let errors = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<ProgramResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, output, errors }));
  });
  return { child, output: () => output, ended };
}

/** Runs a packet program to its end, which has to come by itself; one that does not end is killed. */
export async function runPacketProgram(
  source: string,
  options: ProgramOptions = {},
  descriptorReserve?: number,
): Promise<ProgramResult> {
  const program = startPacketProgram(source, options, descriptorReserve);
  try {
    return await within('the program ends by itself', program.ended);
  } finally {
    if (program.child.exitCode === null && program.child.signalCode === null) program.child.kill('SIGKILL');
  }
}
