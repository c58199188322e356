/**
 * What a scenario is given and what it gives: a workload of the method (W1–W10) as cells, at the sizes of a tier, over the contenders that
 * were chosen. A scenario decides what it varies at which tier: `smoke` is one tiny value, so that the ordinary tests run it; `quick`
 * what a minute allows; `standard` enough for the curve; `full` the most.
 */
import type { CellDefinition, Placement } from '../latency/cell.js';
import type { Varied, Waiting } from '../results/line.js';

export type Tier = 'smoke' | 'quick' | 'standard' | 'full';

/** What is asked of a launcher. */
export interface CellShape {
  readonly payloadBytes: number;
  readonly varied: Varied;
}

/** How one cell's processes are started; called when the plan is made, and what it returns at each launch. */
export type Launcher = (placement: Placement, shape: CellShape) => CellDefinition['launch'];

/** What a contender can be asked to do. */
export type Action =
  | 'call'
  | 'control'
  | 'stream'
  | 'stream-many'
  | 'give'
  | 'multicast'
  | 'multicast-cost'
  | 'revoke'
  | 'revoke-one'
  | 'death'
  | 'death-held'
  | 'status'
  | 'list'
  | 'start-event'
  | 'many';

export type Presence = { readonly present: true } | { readonly present: false; readonly reason: string };

/** Something that is compared: a transport of the catalog, or what people use today. */
export interface Contender {
  readonly name: string;
  /** `own`: a transport of the catalog. `c`, `node`: the limits in C and in Node. `foreign`: somebody else's. */
  readonly kind: 'own' | 'c' | 'node' | 'foreign';
  readonly waiting: Waiting;
  readonly launchers: Partial<Readonly<Record<Action, Launcher>>>;
  /** Whether the client of `call` is pipelined (client-port.ts): many outstanding, open loop, gaps. */
  readonly isPipelined?: boolean;
  /** Most bytes that a payload may have here; 64 KiB if it is not said. */
  readonly payloadBytesMax?: number;
  /** Why it cannot run at a placement ("cannot …"), where it cannot. */
  cannotAt?(placement: Placement): string | undefined;
  /** Whether it can be had on this machine, and if not, what to install. */
  presence(): Presence;
}

export interface ScenarioContext {
  readonly placement: Placement;
  /** Curves are drawn at the first placement; at the others a table of one size is enough. */
  readonly isFirstPlacement?: boolean;
  readonly tier: Tier;
  /** Those that were chosen and are present. */
  readonly contenders: readonly Contender[];
  /**
   * Those among them that were asked for by name: no tier leaves one of them out, and what they cannot do is said. Default: nobody.
   */
  readonly named?: readonly string[];
  /** Notes that a contender cannot do what the scenario asks; it is named in the result, once. */
  cannot(contender: string, what: string): void;
}

export interface Scenario {
  /** `W1` … `W10`. */
  readonly workload: string;
  readonly title: string;
  /** Which of the three questions of docs/benchmark.md it answers. */
  readonly question: 1 | 2 | 3;
  /** Cells of one placement. Those with the same `group` are launched together, and their blocks are interleaved. */
  cells(context: ScenarioContext): CellDefinition[];
}

/** The contenders that can do `action` at this placement, each with its launcher; those that cannot are noted. */
export function thoseWho(
  context: ScenarioContext,
  action: Action,
  what: string,
): { readonly contender: Contender; readonly launcher: Launcher }[] {
  return context.contenders.flatMap((contender) => {
    const launcher = contender.launchers[action];
    const why = contender.cannotAt?.(context.placement);
    if (launcher !== undefined && why !== undefined) {
      context.cannot(contender.name, why);
      return [];
    }
    if (launcher !== undefined) return [{ contender, launcher }];
    context.cannot(contender.name, what);
    return [];
  });
}

/** Whether the contender was asked for by name. */
export function isNamed({ named = [] }: ScenarioContext, { name }: Contender): boolean {
  return named.includes(name);
}

/** The same context with contenders of these kinds only, and whoever was named: of them it is said that they cannot. */
export function asking(context: ScenarioContext, ...kinds: readonly Contender['kind'][]): ScenarioContext {
  const contenders = context.contenders.filter(
    (contender) => kinds.includes(contender.kind) || isNamed(context, contender),
  );
  return { ...context, contenders };
}

/** The same context without the limits in C and in Node, which have no rights that could end and no peers that could be told. */
export function withRights(context: ScenarioContext): ScenarioContext {
  return asking(context, 'own', 'foreign');
}
