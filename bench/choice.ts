/**
 * Who takes part: the transports that were named, the baseline to which ratios are, and beside them what people use today, as far as it is
 * wanted and installed. What is not here is named with what to install, never skipped in silence.
 */
import { UnknownName, UsageError } from './failure.js';
import type { Contender } from './scenarios/scenario.js';

/** Everybody's ratio is to it, so it is never left out. */
const baseline = 'c-seqpacket';
/** What Node itself does: it needs nothing to be installed, so `none` keeps it beside the transports. */
const nodeBaseline = 'node-net';

export interface Choice {
  /** Names of transports of the catalog; all of them if it is not said. */
  readonly transports?: readonly string[];
  /** `auto`: whoever is installed; `none`: nobody but the two baselines; or names. */
  readonly peers: 'auto' | 'none' | readonly string[];
  /** Whether the size of the run has no place for somebody whom nobody named, installed or not. */
  readonly isLeftOut?: (contender: Contender) => boolean;
}

export interface Chosen {
  readonly contenders: readonly Contender[];
  /** Names that were asked for one by one, and not by `auto` or by saying nothing. */
  readonly named: readonly string[];
  /** Those that are not here, each with the reason. */
  readonly missing: readonly string[];
  /** Names of those whom the size leaves out; whether they are installed does not matter. */
  readonly leftOut: readonly string[];
  /** Whether one of them was asked for by name. */
  readonly isIncomplete: boolean;
}

/** Whom an option names; `other` is the option of those whom it does not. */
interface Kind {
  readonly what: string;
  readonly known: readonly string[];
  readonly other: { readonly what: string; readonly option: string; readonly known: readonly string[] };
}

function assertKnown(given: readonly string[], { what, known, other }: Kind): void {
  for (const name of given) {
    if (known.includes(name)) continue;
    if (what === 'peer' && (name === 'auto' || name === 'none'))
      throw new UsageError(
        `--peers takes '${name}' only alone, and not with names`,
        `there are ${known.join(', ')}`,
      );
    const isOther = other.known.includes(name);
    const advice = isOther ? `it is a ${other.what}: use ${other.option} ${name}` : undefined;
    throw new UnknownName(what, name, known, advice);
  }
}

export function chooseContenders(all: readonly Contender[], choice: Choice): Chosen {
  const { transports, peers, isLeftOut = () => false } = choice;
  const own = all.filter(({ kind }) => kind === 'own');
  const others = all.filter(({ kind }) => kind !== 'own');
  const names = (contenders: readonly Contender[]): string[] => contenders.map(({ name }) => name);
  const transport = { what: 'transport', option: '--transport', known: names(own) };
  const peer = { what: 'peer', option: '--peers', known: names(others) };
  assertKnown(transports ?? [], { ...transport, other: peer });
  if (typeof peers !== 'string') assertKnown(peers, { ...peer, other: transport });
  const isWanted = ({ name, kind }: Contender): boolean => {
    if (name === baseline) return true;
    if (kind === 'own') return transports?.includes(name) ?? true;
    if (peers === 'none') return name === nodeBaseline;
    return peers === 'auto' || peers.includes(name);
  };
  const named = [...(transports ?? []), ...(typeof peers === 'string' ? [] : peers)];
  const asked = all.filter(isWanted);
  const wanted = asked.filter((one) => named.includes(one.name) || !isLeftOut(one));
  const leftOut = names(asked.filter((one) => !wanted.includes(one)));
  const missing: string[] = [];
  let isIncomplete = false;
  const contenders = wanted.filter((contender) => {
    const presence = contender.presence();
    if (presence.present) return true;
    missing.push(presence.reason);
    isIncomplete ||= peers !== 'auto' || contender.kind === 'own' || contender.name === baseline;
    return false;
  });
  return { contenders, named, leftOut, missing: [...new Set(missing)], isIncomplete };
}
