/**
 * One round of a soak: peers come, do as they please, are stopped, leave and are killed; then everything becomes quiet, everybody
 * closes what he has and leaves, and the checker sees what each of them noted.
 */
import { join } from 'node:path';
import { eventually, pause } from '../../support/eventually.js';
import type { Random } from '../../support/random.js';
import { checkHistory, type Violation } from '../check/index.js';
import type { History, HistoryEvent } from '../history.js';
import { type Child, startChild } from './child.js';
import { nowUs, readNotebook } from './notebook.js';

export interface RoundOptions {
  readonly broker: Child;
  readonly socket: string;
  /** For notes; a directory of this round alone. */
  readonly directory: string;
  readonly random: Random;
  readonly actingMs: number;
  readonly peersMax: number;
  /** Numbers the round: names of hubs differ. */
  readonly round: number;
}

export interface RoundResult {
  readonly history: History;
  readonly violations: readonly Violation[];
  readonly peers: number;
  readonly killed: number;
}

interface Guest {
  readonly name: string;
  readonly child: Child;
  state: 'lives' | 'leaves' | 'killed';
}

const patienceMs = 30_000;
/** Between two things that happen to peers. */
const stirMs = 120;
const stoppedMs = 200;
const quietRoundsMax = 40;

export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const round = new Round(options);
  try {
    await round.act();
    await round.becomeQuiet();
    const quietAt = nowUs();
    await round.leave();
    const history = round.history(quietAt);
    return { history, violations: checkHistory(history), peers: round.guests, killed: round.killed };
  } finally {
    await round.clean();
  }
}

class Round {
  readonly #options: RoundOptions;
  readonly #hub: string;
  readonly #all: Guest[] = [];

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#hub = `H${options.round}_`;
  }

  get guests(): number {
    return this.#all.length;
  }

  get killed(): number {
    return this.#all.filter(({ state }) => state === 'killed').length;
  }

  /** Those who live. */
  get #alive(): Guest[] {
    return this.#all.filter(({ state }) => state === 'lives');
  }

  async act(): Promise<void> {
    const { broker, random, actingMs, peersMax } = this.#options;
    await broker.ask('begin', this.#hub, this.#notes(this.#hub));
    const endMs = performance.now() + actingMs;
    await Promise.all([this.#invite(), this.#invite(), this.#invite()]);
    while (performance.now() < endMs) {
      const guest = this.#alive[random.below(Math.max(1, this.#alive.length))];
      const dice = random.below(100);
      if (this.#alive.length < 3 || (dice < 25 && this.#alive.length < peersMax)) await this.#invite();
      else if (guest !== undefined && dice < 40) this.#kill(guest);
      else if (guest !== undefined && dice < 50) await this.#dismiss(guest);
      else if (guest !== undefined && dice < 70) {
        // It reads nothing for a while, and its quota is what protects the others.
        guest.child.kill('SIGSTOP');
        await pause(random.below(stoppedMs));
        guest.child.kill('SIGCONT');
      }
      await pause(random.below(stirMs));
    }
    // No round without a death.
    const [victim] = this.#alive;
    if (this.killed === 0 && victim !== undefined) this.#kill(victim);
  }

  /** Everybody stops; everything arrives; all calls end. */
  async becomeQuiet(): Promise<void> {
    await this.#everyone('stop');
    await this.#settled();
    for (let turn = 0, open = 1; open > 0; turn += 1) {
      if (turn > quietRoundsMax) throw new Error('calls do not end');
      const counts = await this.#everyone('answerAll');
      open = counts.reduce((sum: number, count) => sum + Number(count), 0);
      await this.#settled();
    }
  }

  /** Everybody closes what he has, then goes. */
  async leave(): Promise<void> {
    const { broker } = this.#options;
    await this.#everyone('closeAll');
    await broker.ask('closeAll');
    // Twice: what one has given back, another is told after.
    await this.#everyone('ping');
    await this.#everyone('ping');
    await broker.ask('end');
    await Promise.all(this.#alive.map((guest) => this.#dismiss(guest)));
    await eventually('all peers have left', async () => (await broker.ask('peers')) === 0, patienceMs);
  }

  history(quietAt: number): History {
    const events: HistoryEvent[] = readNotebook(this.#notes(this.#hub), this.#hub, false);
    for (const { name, state } of this.#all) {
      for (const event of readNotebook(this.#notes(name), name, state === 'killed')) events.push(event);
    }
    events.sort((one, other) => one.at - other.at);
    return {
      ...{ events, wire: [], closedDescriptors: [], answersInOrder: false, quietAt },
      ...{ isRoomyWhenQuiet: true, canLoseAnswers: true },
    };
  }

  async clean(): Promise<void> {
    for (const { child } of this.#all) child.kill('SIGKILL');
    await Promise.all(this.#all.map(({ child }) => child.ended));
  }

  async #invite(): Promise<void> {
    const { socket, random } = this.#options;
    const name = `P${this.#all.length + 1}_`;
    const hub = `n1@${this.#hub}`;
    const seed = String(1 + random.below(1_000_000));
    const place = this.#all.length;
    const child = startChild('peer', [socket, name, seed, this.#notes(name), hub], (value) =>
      this.#whisper(name, value),
    );
    // The name is taken at once: others may be invited meanwhile.
    this.#all.push({ name, child: noChild, state: 'leaves' });
    this.#all[place] = { name, child: await child, state: 'lives' };
    const names = this.#alive.map((each) => each.name);
    await Promise.allSettled(
      this.#alive.map((each) => each.child.ask('others', ...names.filter((other) => other !== each.name))),
    );
  }

  #whisper(by: string, value: unknown): void {
    if (typeof value !== 'object' || value === null || !('token' in value) || !('to' in value)) return;
    const to = this.#alive.find(({ name }) => name === value.to);
    // Whoever dies meanwhile does not hear it.
    to?.child.ask('told', Number(value.token), by).catch(() => {});
  }

  #kill(guest: Guest): void {
    guest.state = 'killed';
    guest.child.kill('SIGKILL');
  }

  async #dismiss(guest: Guest): Promise<void> {
    guest.state = 'leaves';
    await guest.child.ask('leave').catch(() => {});
    await guest.child.ended;
  }

  async #settled(): Promise<void> {
    const { broker } = this.#options;
    const isSettled = async (): Promise<boolean> => {
      const all = [...(await this.#everyone('settled')), await broker.ask('settled')];
      return all.every((each) => each === true) && (await broker.ask('peers')) === this.#alive.length;
    };
    await eventually('all sends are accepted or refused', isSettled, patienceMs);
    await this.#everyone('ping');
    await broker.ask('settled');
  }

  #everyone(verb: string): Promise<unknown[]> {
    return Promise.all(this.#alive.map(({ child }) => child.ask(verb)));
  }

  #notes(name: string): string {
    return join(this.#options.directory, `${name}.notes`);
  }
}

/** Whoever has not started yet. */
const noChild: Child = { pid: 0, ask: async () => undefined, kill: () => {}, ended: Promise.resolve() };
