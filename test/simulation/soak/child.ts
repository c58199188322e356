/** Both sides of the channel between the soak and its processes: `{ id, verb, args }` is answered with `{ id, value }` or `{ id, error }`. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { within } from '../../support/eventually.js';

interface Request {
  readonly id: number;
  readonly verb: string;
  readonly args: readonly (string | number)[];
}

interface Response {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** What a process says of its own accord has this id. */
const unasked = 0;
const patienceMs = 30_000;

export interface Child {
  readonly pid: number;
  /** Rejects when the process fails at it, ends meanwhile, or takes too long. */
  ask(verb: string, ...args: readonly (string | number)[]): Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process is gone and its channel is closed. */
  readonly ended: Promise<void>;
}

/** Starts `broker.js` or `peer.js`. `hear` gets what it says of its own accord. */
export async function startChild(
  program: 'broker' | 'peer',
  args: readonly string[],
  hear: (value: unknown) => void,
): Promise<Child> {
  const path = fileURLToPath(new URL(`./${program}.js`, import.meta.url));
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const child: ChildProcess = fork(path, [...args], { stdio: [...stdio], execArgv: ['--expose-gc'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} did not start`);
  const waiting = new Map<number, (response: Response) => void>();
  let hasEnded = false;
  let isReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  child.on('message', (message) => {
    const response = message as Response;
    if (response.value === 'ready') isReady();
    else if (response.id === unasked) hear(response.value);
    else waiting.get(response.id)?.(response);
    waiting.delete(response.id);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      hasEnded = true;
      for (const [id, settle] of waiting) settle({ id, error: 'the process ended' });
      waiting.clear();
      isReady();
      resolve();
    });
  });
  let requests = 0;
  await within(`${program} starts`, ready, patienceMs);
  return {
    pid,
    ended,
    kill: (signal) => void child.kill(signal),
    ask: async (verb, ...rest) => {
      if (hasEnded) throw new Error(`${program} ${pid} has ended`);
      requests += 1;
      const id = requests;
      const answered = new Promise<Response>((resolve) => {
        waiting.set(id, resolve);
      });
      child.send({ id, verb, args: rest } satisfies Request, () => {});
      const { value, error } = await within(`${program} ${pid} does ${verb}`, answered, patienceMs);
      if (error !== undefined) throw new Error(`${program} ${pid}, ${verb}: ${error}`);
      return value;
    },
  };
}

type Verbs = Readonly<Record<string, (...args: readonly (string | number)[]) => unknown>>;

/** In a child: does what the soak asks, and ends with it. */
export function serveVerbs(verbs: Verbs): void {
  process.on('message', (message) => {
    const { id, verb, args } = message as Request;
    void (async () => {
      try {
        process.send?.({ id, value: (await verbs[verb]?.(...args)) ?? null } satisfies Response);
      } catch (error) {
        process.send?.({ id, error: String(error) } satisfies Response);
      }
    })();
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ id: unasked, value: 'ready' } satisfies Response);
}

/** In a child: says something of its own accord. */
export function say(value: unknown): void {
  process.send?.({ id: unasked, value } satisfies Response);
}
