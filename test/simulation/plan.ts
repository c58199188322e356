/**
 * Random schedules. A plan is a list of steps that each stand for themselves: a step names a seat and carries numbers from
 * which its details follow, whatever was before it. So a plan is made from a seed alone, and any part of a plan is a plan again,
 * which is what lets a failure shrink (`shrink.ts`).
 *
 * Each seed also draws how often each kind of step comes, how slow each connection is and which limits are tight, because a
 * schedule that does everything equally often rarely does anything unusual.
 */
import type { CapabilityLimits } from '../../broker/capability/index.js';
import { createRandom, type Random } from '../support/random.js';
import { type ActionKind, perform, pick, withThing } from './actions.js';
import type { Member, Move, World } from './world.js';

/** Weights of the kinds of steps. */
const kinds = {
  take: 24,
  carry: 20,
  deliver: 24,
  hear: 8,
  proceed: 8,
  send: 14,
  multicast: 7,
  call: 5,
  answer: 5,
  dropReply: 1,
  giveUp: 1,
  close: 4,
  clone: 1,
  create: 2,
  destroy: 2,
  tell: 8,
  slow: 2,
  leave: 0.3,
  kill: 0.5,
  join: 0.7,
} as const;
export type StepKind = keyof typeof kinds;

export interface Step {
  readonly kind: StepKind;
  /** Whose turn it is, modulo the seats. */
  readonly seat: number;
  /** Details. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export interface Plan {
  readonly seats: number;
  /** Seats whose peers belong to one user stand for the same uid. */
  readonly users: number;
  readonly limits: Partial<CapabilityLimits>;
  readonly steps: readonly Step[];
}

const limitChoices: readonly Partial<CapabilityLimits>[] = [
  {},
  {},
  {},
  { queueItemsMax: 8 },
  { queueBytesMax: 1024 },
  { callsOutstandingMax: 4 },
  { descriptorsInFlightMax: 4 },
  { peerHandlesMax: 24 },
  { userBytesMax: 8192 },
  { userHandlesMax: 200 },
  { userDescriptorsMax: 16 },
  { userCallsMax: 6 },
];

const numberMax = 1 << 16;
const factors = [0, 0.5, 1, 1, 1, 2, 4];

export function createPlan(seed: number, stepCount: number): Plan {
  const random = createRandom(seed);
  const seats = 3 + random.below(3);
  const weights = Object.entries(kinds).map(([kind, weight]) => ({
    kind: kind as StepKind,
    // Nothing arrives where nothing moves.
    weight:
      weight * (weight >= 20 ? 0.5 + random.below(3) / 2 : (factors[random.below(factors.length)] ?? 1)),
  }));
  const speeds = new Map<StepKind, readonly number[]>();
  for (const kind of ['take', 'carry', 'deliver', 'hear'] as const) {
    speeds.set(
      kind,
      Array.from({ length: seats }, () => 1 + random.below(8)),
    );
  }
  const limits = limitChoices[random.below(limitChoices.length)] ?? {};
  const users = 1 + random.below(seats);
  const steps: Step[] = [];
  for (let at = 0; at < stepCount; at += 1) {
    const kind =
      weights[
        weighted(
          random,
          weights.map(({ weight }) => weight),
        )
      ]?.kind ?? 'deliver';
    const speed = speeds.get(kind);
    const seat = speed === undefined ? random.below(seats) : weighted(random, speed);
    const number = (): number => random.below(numberMax);
    steps.push({ kind, seat, a: number(), b: number(), c: number() });
  }
  return { seats, users, limits, steps };
}

/** An index, as often as its weight says. */
function weighted(random: Random, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const drawn = (random.below(numberMax) / numberMax) * total;
  let sum = 0;
  return weights.findIndex((weight) => {
    sum += weight;
    return drawn < sum;
  });
}

/** Who sits where, and what each step means at the moment. */
export class PlanRunner {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #seats: Member[] = [];
  #descriptors = 1_000_000;

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
  }

  /** Everybody gets a node and a handle to everybody else's. */
  async begin(): Promise<void> {
    for (let seat = 0; seat < this.#plan.seats; seat += 1) await this.#sit(seat);
  }

  async step(step: Step): Promise<void> {
    const seat = step.seat % this.#plan.seats;
    const member = this.#seats[seat];
    if (member === undefined) return;
    if (isMove(step.kind)) return this.#move(step.kind, member, step.a);
    if (step.kind === 'join') {
      if (member.player.hasEnded) await this.#sit(seat);
      return;
    }
    if (member.player.hasEnded) return;
    this.#act(member, step);
    await this.#world.settle();
  }

  async #sit(seat: number): Promise<void> {
    const world = this.#world;
    const member = world.join(1000 + (seat % this.#plan.users));
    this.#seats[seat] = member;
    const node = member.player.create();
    await world.move({ kind: 'take', member }, 0);
    for (const other of this.#seats) {
      if (other === undefined || other === member || other.player.hasEnded) continue;
      const [first] = other.player.nodes;
      if (first !== undefined) world.introduce(other, first.name, member);
      world.introduce(member, node.name, other);
    }
    await world.settle();
  }

  /** The one that is meant, or else the next one that is possible. */
  async #move(kind: Move['kind'], member: Member, choice: number): Promise<void> {
    const possible = this.#world.moves().filter((move) => move.kind === kind);
    const move = possible.find((each) => each.member === member) ?? possible[choice % (possible.length || 1)];
    if (move !== undefined) await this.#world.move(move, choice);
  }

  #act(member: Member, { kind, a, b, c }: Step): void {
    const world = this.#world;
    const { player, port } = member;
    switch (kind) {
      case 'tell':
        withThing(
          pick(
            world.alive.filter((each) => each !== member),
            a,
          ),
          (to) => world.tell(member, to),
        );
        break;
      case 'slow':
        port.isSlow = !port.isSlow;
        break;
      case 'leave':
        if (world.alive.length > 2) world.end(member, 'closed');
        break;
      case 'kill':
        if (world.alive.length > 2) world.end(member, 'killed', a % 4);
        break;
      default:
        perform(player, kind as ActionKind, a, b, c, () => [this.#descriptors++]);
    }
  }
}

function isMove(kind: StepKind): kind is Move['kind'] & StepKind {
  return kind === 'take' || kind === 'carry' || kind === 'deliver' || kind === 'hear' || kind === 'proceed';
}
