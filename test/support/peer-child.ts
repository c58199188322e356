/**
 * A test's hold on a peer in another process (`peer-process.ts`).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BrokerError, type ErrorCode } from '../../broker/contract/errors.js';
import { within } from './eventually.js';
import { stopProcess } from './stopping.js';

interface Response {
  readonly id: number;
  readonly value?: unknown;
  readonly code?: number;
  readonly text?: string;
}

export interface PeerChild {
  readonly pid: number;
  /** Asks the process to do something, see the verbs of `peer-process.ts`. Rejects with its `BrokerError`, or if it ends. */
  ask(verb: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** SIGSTOP: it stands still when this returns, until `resume`. */
  stop(): void;
  resume(): void;
  /** SIGKILL, and waits until it has ended and its channel is closed. Idempotent. */
  kill(): Promise<void>;
}

/** A program under a sanitizer takes a second to start, and many start at the same time. */
const startPatienceMs = 60_000;

/** Starts a process with a peer of this transport that is not connected yet. */
export async function spawnPeerChild(transportName: string): Promise<PeerChild> {
  const program = fileURLToPath(new URL('./peer-process.js', import.meta.url));
  const child = fork(program, [transportName], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, (response: Response | undefined) => void>();
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  void closed.then(() => {
    for (const settle of waiting.values()) settle(undefined);
    waiting.clear();
  });
  child.on('message', (message) => {
    const response = message as Response;
    waiting.get(response.id)?.(response);
    waiting.delete(response.id);
  });
  const response = (id: number): Promise<Response | undefined> =>
    new Promise((resolve) => {
      waiting.set(id, resolve);
    });
  try {
    await within('the peer process starts', response(0), startPatienceMs);
  } catch (error) {
    // Whoever asked for it has nothing to end it by.
    child.kill('SIGKILL');
    throw error;
  }
  return control(child, closed, response);
}

function control(
  child: ChildProcess,
  closed: Promise<void>,
  response: (id: number) => Promise<Response | undefined>,
): PeerChild {
  const { pid } = child;
  if (pid === undefined) throw new Error('the peer process did not start');
  let requests = 0;
  return {
    pid,
    ask: async (verb, ...args) => {
      requests += 1;
      const answered = response(requests);
      child.send({ id: requests, verb, args }, () => {});
      const answer = await within(`the peer process does ${verb}`, answered);
      if (answer === undefined) throw new Error(`the peer process ended during ${verb}`);
      if (answer.code !== undefined) throw new BrokerError(answer.code as ErrorCode, answer.text ?? '');
      return answer.value;
    },
    stop: () => stopProcess(pid),
    resume: () => void child.kill('SIGCONT'),
    kill: async () => {
      child.kill('SIGKILL');
      await within('the peer process ends', closed);
    },
  };
}
