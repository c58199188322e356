/**
 * All interleavings of a scene, by running it again and again: depth first through the choices of what moves next, with sleep sets
 * (Godefroid), so that of schedules which differ only in the order of moves that have nothing to do with each other one is run.
 *
 * Moves of the broker have to do with each other (there is one core), except that putting items on the wires of different peers
 * commutes. What different peers do and get has nothing to do with each other. A peer and the broker meet in two queues, to
 * which one appends where the other takes, so these commute too, unless the peer ends. A broken broker may be less tidy than
 * that: then (`wary`) whatever concerns the same peer counts as connected. That nothing is missed is tested by leaving nothing out
 * (`all`): both come to the same histories.
 */
import { checkHistory, type Violation } from './check/index.js';
import type { History } from './history.js';
import { type BrokerMaker, createBroker } from './run.js';
import { Cast, type Scene } from './script.js';
import { type Member, type Move, World } from './world.js';

export interface Exploration {
  /** Schedules that were run to their end. */
  readonly schedules: number;
  /** Moves in all of them, those of a schedule's repeated beginning counted once. */
  readonly moves: number;
  /** Whether these are all there are. */
  readonly isComplete: boolean;
  /** The first schedule that breaks a rule, with how to get it. */
  readonly failure:
    | {
        readonly path: readonly string[];
        readonly history: History;
        readonly violations: readonly Violation[];
      }
    | undefined;
}

/** How much is left out: `tidy` trusts the queues between peers and the broker, `wary` does not, `all` leaves nothing out. */
export type Reduction = 'tidy' | 'wary' | 'all';

export interface ExploreOptions {
  readonly make?: BrokerMaker;
  readonly schedulesMax?: number;
  readonly reduction?: Reduction;
  /** Called with what each schedule came to. */
  readonly onHistory?: (history: History) => void;
}

/** A point at which there was a choice. */
interface Fork {
  readonly enabled: readonly string[];
  /** Moves that need not be tried here: what they lead to was seen. */
  readonly sleep: Set<string>;
  chosen: string;
}

export async function explore(scene: Scene, options: ExploreOptions = {}): Promise<Exploration> {
  const { make = createBroker, schedulesMax = Number.POSITIVE_INFINITY, reduction = 'tidy' } = options;
  const hasQuota = scene.limits !== undefined;
  const path: Fork[] = [];
  let schedules = 0;
  let moves = 0;
  for (;;) {
    const stage = new Stage(scene, make, reduction);
    await stage.begin();
    for (const fork of path) await stage.do(fork.chosen);
    for (;;) {
      const enabled = stage.enabled();
      const before = path.at(-1);
      const sleep = new Set<string>();
      for (const key of before?.sleep ?? []) {
        if (!areConnected(key, before?.chosen ?? '', reduction, hasQuota)) sleep.add(key);
      }
      const chosen = enabled.find((key) => !sleep.has(key));
      if (chosen === undefined) {
        if (enabled.length > 0) break;
        schedules += 1;
        const history = await stage.world.finish(scene.limits);
        options.onHistory?.(history);
        const violations = checkHistory(history);
        if (violations.length > 0) {
          const failure = { path: path.map((fork) => fork.chosen), history, violations };
          return { schedules, moves, isComplete: false, failure };
        }
        break;
      }
      path.push({ enabled, sleep, chosen });
      moves += 1;
      await stage.do(chosen);
    }
    if (!turnBack(path)) return { schedules, moves, isComplete: true, failure: undefined };
    if (schedules >= schedulesMax) return { schedules, moves, isComplete: false, failure: undefined };
  }
}

/** Goes back to the latest fork with a way that was not tried; false if there is none. */
function turnBack(path: Fork[]): boolean {
  for (let fork = path.at(-1); fork !== undefined; fork = path.at(-1)) {
    fork.sleep.add(fork.chosen);
    const next = fork.enabled.find((key) => !fork.sleep.has(key));
    if (next !== undefined) {
      fork.chosen = next;
      return true;
    }
    path.pop();
  }
  return false;
}

/** Whether the order of two moves can matter. */
function areConnected(one: string, other: string, reduction: Reduction, hasQuota: boolean): boolean {
  if (reduction === 'all') return true;
  const isWary = reduction === 'wary';
  const [kind, peer] = one.split(' ');
  const [otherKind, otherPeer] = other.split(' ');
  const isBroker = kind === 'take' || kind === 'carry' || kind === 'proceed';
  const isOtherBroker = otherKind === 'take' || otherKind === 'carry' || otherKind === 'proceed';
  if (isBroker && isOtherBroker) {
    // What is delivered makes room, which somebody else may be told.
    return isWary || hasQuota || kind !== 'carry' || otherKind !== 'carry' || peer === otherPeer;
  }
  if (kind === 'proceed' || otherKind === 'proceed') return isWary;
  if (peer !== otherPeer) return false;
  return isBroker === isOtherBroker || isWary || kind === 'end' || otherKind === 'end';
}

/** One performance of a scene. */
class Stage {
  readonly world: World;
  readonly #scene: Scene;
  readonly #cast: Cast;
  readonly #reduction: Reduction;
  readonly #next = new Map<string, number>();
  /** Who may hear something in this scene, and who may end. */
  readonly #told: ReadonlySet<string | undefined>;
  readonly #ending: ReadonlySet<string>;

  constructor(scene: Scene, make: BrokerMaker, reduction: Reduction) {
    this.#scene = scene;
    this.#reduction = reduction;
    this.world = new World(make(scene.limits ?? {}));
    this.#cast = new Cast(this.world);
    const lines = Object.entries(scene.lines);
    this.#told = new Set(lines.flatMap(([, all]) => all.map(({ tells }) => tells)));
    this.#ending = new Set(lines.filter(([, all]) => all.some(({ isEnd }) => isEnd)).map(([name]) => name));
  }

  async begin(): Promise<void> {
    await this.#cast.enter(this.#scene);
  }

  /**
   * What can happen next, by name: `take A`, `hear A 0`, `act A` … A peer that can do nothing but take what comes, one after the
   * other, may as well take it now: that is then all.
   */
  enabled(): string[] {
    const keys: string[] = [];
    const isReduced = this.#reduction === 'tidy';
    const alone = isReduced ? this.#scene.peers.split('').find((name) => this.#isAlone(name)) : undefined;
    if (alone !== undefined) return [`deliver ${alone}`];
    for (const name of this.#scene.peers) {
      const member = this.#cast.member(name);
      const line = this.#scene.lines[name]?.[this.#next.get(name) ?? 0];
      const isReady = line !== undefined && !member.player.hasEnded;
      if (isReady && (line.after === undefined || member.seen.has(line.after))) {
        keys.push(`${line.isEnd === true ? 'end' : 'act'} ${name}`);
      }
    }
    for (const { kind, member } of this.world.moves()) {
      const choices =
        kind === 'proceed' ? this.world.broker.more : kind === 'hear' ? this.#whispers(member) : 1;
      for (let choice = 0; choice < choices; choice += 1) {
        keys.push(
          choices === 1 && kind !== 'proceed'
            ? `${kind} ${member?.name}`
            : `${kind} ${member?.name ?? '-'} ${choice}`,
        );
      }
    }
    return keys;
  }

  async do(key: string): Promise<void> {
    const [kind = '', name = '', choice = '0'] = key.split(' ');
    if (kind === 'act' || kind === 'end') {
      const at = this.#next.get(name) ?? 0;
      this.#next.set(name, at + 1);
      this.#scene.lines[name]?.[at]?.act(this.#cast.member(name), this.#cast);
      await this.world.settle();
      return;
    }
    const member = kind === 'proceed' ? undefined : this.#cast.member(name);
    await this.world.move({ kind: kind as Move['kind'], member }, Number(choice));
  }

  /** Whether to take the next frame is the only thing that this peer can do until it has done so. */
  #isAlone(name: string): boolean {
    const { player, port, seen } = this.#cast.member(name);
    const line = this.#scene.lines[name]?.[this.#next.get(name) ?? 0];
    const isIdle =
      line === undefined || player.hasEnded || (line.after !== undefined && !seen.has(line.after));
    return port.down.length > 0 && isIdle && !this.#told.has(name) && !this.#ending.has(name);
  }

  #whispers(member: Member | undefined): number {
    return member === undefined ? 0 : this.world.whispersTo(member);
  }
}
