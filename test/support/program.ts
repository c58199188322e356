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

/** What every program finds imported: the loop opened, the addon, and `frame(socket, bodyBytes, descriptors)`. */
const prelude = (root: string, reserve: number): string => `
import { openPacketLoop } from ${JSON.stringify(new URL('broker/native/packet-loop.js', root).href)};
import { loadNative } from ${JSON.stringify(new URL('broker/native/addon.js', root).href)};
import { writeFrameHeader, frameLength } from ${JSON.stringify(new URL('broker/native/frames.js', root).href)};
const native = loadNative();
const loop = openPacketLoop({ packetBytesMax: 73728, descriptorReserve: ${reserve} });
const ignore = { packet() {}, ended() {}, drained() {} };
const frame = (socket, bodyBytes, descriptors = [], declared = descriptors.length) => {
  const at = socket.begin(frameLength(bodyBytes));
  writeFrameHeader(loop.sendView, at, bodyBytes, 1, 0, declared);
  socket.commit(descriptors);
};
`;

/** Starts a program of ES module source that uses the packet layer; `descriptorReserve` is the loop's option. */
export function startPacketProgram(
  source: string,
  options: ProgramOptions = {},
  descriptorReserve = 64,
): Program {
  const root = new URL('../../', import.meta.url).href;
  return startProgram(prelude(root, descriptorReserve) + source, options);
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
  descriptorReserve = 64,
): Promise<ProgramResult> {
  const program = startPacketProgram(source, options, descriptorReserve);
  try {
    return await within('the program ends by itself', program.ended);
  } finally {
    if (program.child.exitCode === null && program.child.signalCode === null) program.child.kill('SIGKILL');
  }
}
