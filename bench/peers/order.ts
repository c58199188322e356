/**
 * A process of W8: carries out its part of a pattern's rules (bench/scenarios/order-patterns.ts) again and again, and records what it
 * sends, receives, tells and hears. It judges nothing: the histories go to the checkers of bench/check/, which know no transport.
 *
 * Role `a` leads. A run begins when `a` says so past the transport to whoever has something to do at its start, and is over
 * when every process has said that it has received and done all that the pattern has for it. So runs do not reach into each other, and each is
 * as lonely as the first.
 *
 * Commands on standard input, one JSON object a line, each answered by a line: `{"do":"arm",…task}` answered `armed`, `{"do":"go"}` (to the
 * leader, when all are armed) answered `done RUNS`, or `stuck RUNS` if the next run did not end in time; `{"do":"history"}` answered with what
 * was recorded since the last one.
 */
import { createInterface } from 'node:readline';
import { digestOf } from '../check/delivery.js';
import type { HistoryEvent } from '../check/history.js';
import { createPrng } from '../latency/shuffle.js';
import {
  arrivalsAt,
  type OrderAction,
  type OrderPattern,
  type OrderRole,
  orderPattern,
  startOfRun,
} from '../scenarios/order-patterns.js';
import { type Beside, openBeside } from './order-beside.js';
import type { OrderEndpoint, OrderReceiver } from './order-endpoint.js';
import {
  createLoadJudge,
  isLoad,
  type LoadCount,
  loadBytes,
  namedBytes,
  readNamed,
  writeLoad,
} from './order-messages.js';

/** What is to be run; all processes of a pattern get the same. */
export interface OrderTask {
  readonly pattern: string;
  readonly runs: number;
  /** Number of the first run; no two runs of one process's life have the same. */
  readonly firstRun: number;
  /** Messages of 1 KiB where the pattern has a load. */
  readonly loadMessages: number;
  readonly payloadBytes: number;
  readonly seed: number;
  /** No run begins later than this after the first one. */
  readonly maxMs: number;
  /** A run that takes longer is stuck: something was lost, or somebody died. Default: `runPatienceMs`. */
  readonly patienceMs?: number;
}

/** What a process has recorded. */
export interface OrderRecord {
  readonly events: readonly HistoryEvent[];
  readonly loadSent: number;
  readonly load: LoadCount;
}

export type OrderCommand = ({ readonly do: 'arm' } & OrderTask) | { readonly do: 'go' | 'history' };

const leader: OrderRole = 'a';

const runPatienceMs = 10_000;

/** Those who begin a run do so up to this much apart, so that each of them is the first sometimes. */
const startSpreadUs = 120;

/** Messages of load that are under way at a time. */
const loadWindow = 32;

const roles: readonly OrderRole[] = ['a', 'b', 'c', 'd', 'e'];

interface Progress {
  readonly run: number;
  /** What has not come yet: messages, words, and the word to begin for those who do. */
  left: number;
  busy: number;
}

/** One process of W8, without its sockets and pipes. */
export class OrderProcess {
  readonly #role: OrderRole;
  readonly #endpoint: OrderEndpoint;
  readonly #beside: Beside;
  readonly #random: () => number;
  readonly #load = createLoadJudge();
  readonly #loadNumbers = new Map<OrderRole, number>();
  readonly #loadBuffer = Buffer.alloc(loadBytes);
  #events: HistoryEvent[] = [];
  #loadSent = 0;
  #task: OrderTask | undefined;
  #pattern: OrderPattern | undefined;
  #progress: Progress = { run: -1, left: 0, busy: 0 };
  /** Of the leader: how many are not done with the run yet, and what to do then. */
  #waitingFor = 0;
  #runIsOver: (() => void) | undefined;

  constructor(role: OrderRole, endpoint: OrderEndpoint, beside: Beside, seed: number) {
    this.#role = role;
    this.#endpoint = endpoint;
    this.#beside = beside;
    this.#random = createPrng(seed + roles.indexOf(role));
  }

  async arm(task: OrderTask): Promise<void> {
    const pattern = orderPattern(task.pattern);
    this.#task = task;
    this.#pattern = pattern;
    const receivers = pattern.rules
      .filter(({ at }) => at === this.#role)
      .flatMap(({ actions }) => actions.flatMap(({ kind, to }) => (kind === 'tell' ? [] : to)));
    await this.#endpoint.meet([...new Set(receivers)]);
  }

  /** The leader's part: all runs, one after the other. Returns what to answer. */
  async lead(): Promise<string> {
    const { task, pattern } = this.#armed();
    const endMs = performance.now() + task.maxMs;
    for (let at = 0; at < task.runs; at++) {
      if (performance.now() > endMs) return `done ${at}`;
      if (!(await this.#leadRun(task.firstRun + at, pattern, task.patienceMs ?? runPatienceMs)))
        return `stuck ${at}`;
    }
    return `done ${task.runs}`;
  }

  async #leadRun(run: number, pattern: OrderPattern, patienceMs: number): Promise<boolean> {
    this.#waitingFor = pattern.roles.length;
    let timer: NodeJS.Timeout | undefined;
    const isOver = new Promise<boolean>((resolve) => {
      this.#runIsOver = () => resolve(true);
      timer = setTimeout(() => resolve(false), patienceMs);
    });
    const starters = pattern.rules.filter(({ on }) => on === startOfRun).map(({ at }) => at);
    for (const starter of starters)
      if (starter !== this.#role) this.#beside.tell(starter, `${startOfRun} ${run}`);
    if (starters.length > 1) this.#spin();
    this.#enter(run);
    this.#react(startOfRun, run);
    const result = await isOver;
    clearTimeout(timer);
    return result;
  }

  /** A line from past the transport: something told that belongs to the pattern, or about the run itself. */
  hear(line: string): void {
    const [name = '', text] = line.split(' ');
    const run = Number(text);
    if (name === 'done') {
      if (run === this.#progress.run) this.#oneIsDone();
      return;
    }
    this.#enter(run);
    if (name === startOfRun) this.#spin();
    else {
      this.#events.push({ kind: 'hear', message: `${name} ${run}`, run });
      this.#progress.left--;
    }
    this.#react(name, run);
  }

  receive(bytes: Uint8Array): void {
    if (isLoad(bytes)) {
      this.#load.take(bytes);
      return;
    }
    const message = readNamed(bytes);
    if (message === undefined) {
      this.#events.push({ kind: 'receive', message: 'what cannot be read' });
      return;
    }
    const { name, run } = message;
    this.#events.push({ kind: 'receive', message: `${name} ${run}`, digest: digestOf(bytes), run });
    this.#enter(run);
    if (run !== this.#progress.run) return;
    this.#progress.left--;
    this.#react(name, run);
  }

  /** What was recorded since the last time. */
  takeRecord(): OrderRecord {
    const events = this.#events;
    this.#events = [];
    const loadSent = this.#loadSent;
    this.#loadSent = 0;
    return { events, loadSent, load: this.#load.drain() };
  }

  #armed(): { readonly task: OrderTask; readonly pattern: OrderPattern } {
    if (this.#task === undefined || this.#pattern === undefined)
      throw new Error(`${this.#role} has nothing to do yet`);
    return { task: this.#task, pattern: this.#pattern };
  }

  /** Goes on to a later run; what comes late from an earlier one changes nothing. */
  #enter(run: number): void {
    if (run <= this.#progress.run) return;
    const { pattern } = this.#armed();
    // Whoever begins is not done before it has begun, even if all that it receives is here already: the word to begin may come last.
    const begins = pattern.rules.some(({ at, on }) => at === this.#role && on === startOfRun) ? 1 : 0;
    this.#progress = { run, left: arrivalsAt(pattern, this.#role).length + begins, busy: 0 };
  }

  #react(name: string, run: number): void {
    const { pattern } = this.#armed();
    const progress = this.#progress;
    if (name === startOfRun) progress.left--;
    const actions = pattern.rules
      .filter(({ at, on }) => at === this.#role && on === name)
      .flatMap((rule) => rule.actions);
    progress.busy++;
    void this.#carryOut(actions, run).then(() => {
      progress.busy--;
      if (progress.busy > 0 || progress.left !== 0 || progress !== this.#progress) return;
      if (this.#role === leader) this.#oneIsDone();
      else this.#beside.tell(leader, `done ${run}`);
    });
  }

  async #carryOut(actions: readonly OrderAction[], run: number): Promise<void> {
    const { task } = this.#armed();
    for (const action of actions) {
      if (action.kind === 'load') await this.#sendLoad(action.to, task.loadMessages);
      else if (action.kind === 'tell') this.#tell(action.message, action.to, run);
      else await this.#send(action.message, turned(action.to, run), run, task.payloadBytes);
    }
  }

  async #send(name: string, to: readonly OrderRole[], run: number, payloadBytes: number): Promise<void> {
    const bytes = namedBytes({ name, run }, payloadBytes);
    const message = `${name} ${run}`;
    this.#events.push({ kind: 'send', message, to, digest: digestOf(bytes), run });
    await this.#endpoint.send(to, bytes);
    this.#events.push({ kind: 'complete', message, run });
  }

  #tell(name: string, to: OrderRole, run: number): void {
    const message = `${name} ${run}`;
    this.#events.push({ kind: 'tell', message, to: [to], run });
    this.#beside.tell(to, message);
  }

  /** Some are under way at a time, as by a program that does not wait for each. What was declined is sent again under a number of its own. */
  async #sendLoad(to: OrderRole, messages: number): Promise<void> {
    for (let left = messages; left > 0; ) {
      const offers: Promise<boolean>[] = [];
      for (let at = 0; at < Math.min(left, loadWindow); at++) {
        const number = this.#loadNumbers.get(to) ?? 0;
        this.#loadNumbers.set(to, number + 1);
        writeLoad(this.#loadBuffer, roles.indexOf(this.#role), number);
        offers.push(this.#endpoint.offer(to, this.#loadBuffer));
      }
      const accepted = (await Promise.all(offers)).filter((isAccepted) => isAccepted).length;
      left -= accepted;
      this.#loadSent += accepted;
      if (accepted < offers.length) await this.#endpoint.room(to);
    }
  }

  #oneIsDone(): void {
    this.#waitingFor--;
    if (this.#waitingFor === 0) this.#runIsOver?.();
  }

  #spin(): void {
    const endMs = performance.now() + (this.#random() % startSpreadUs) / 1000;
    while (performance.now() < endMs);
  }
}

function turned<T>(list: readonly T[], by: number): readonly T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** Runs one process until end-of-file on its standard input; `open` makes its endpoint. */
export async function runOrderProcess(
  role: string,
  directory: string,
  seed: number,
  open: (receive: OrderReceiver) => Promise<OrderEndpoint>,
): Promise<void> {
  const own = roles.find((known) => known === role);
  if (own === undefined) throw new Error(`W8 has no role "${role}"`);
  let actor: OrderProcess | undefined;
  const beside = openBeside(directory, own, (line) => actor?.hear(line));
  const endpoint = await open((bytes) => actor?.receive(bytes));
  actor = new OrderProcess(own, endpoint, beside, seed);
  console.log(`ready ${process.pid}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as OrderCommand;
    let answer: string;
    switch (command.do) {
      case 'arm':
        await actor.arm(command);
        answer = 'armed';
        break;
      case 'go':
        answer = await actor.lead();
        break;
      case 'history':
        answer = JSON.stringify(actor.takeRecord());
    }
    await new Promise<void>((resolve) => process.stdout.write(`${answer}\n`, () => resolve()));
  }
  endpoint.close();
}
