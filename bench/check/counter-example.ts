/**
 * From histories that break a property to what a person can check by eye: the smallest histories that still do, a sentence, and the
 * message diagram.
 */
import { type DeliveryFault, describeDeliveryFault } from './delivery.js';
import type { ArrowRole, DiagramArrow, DiagramEvent, MessageDiagram } from './diagram.js';
import { renderDiagram } from './diagram-text.js';
import { type Histories, linearise, restrict } from './history.js';
import { minimise } from './minimise.js';
import {
  breaks,
  findInversions,
  findOvertaken,
  happenedBefore,
  type Inversion,
  type OrderOptions,
  type Property,
  stampsOf,
} from './order.js';

export interface CounterExample {
  readonly property: Property;
  /** Minimal: without any one of its messages, and of what was told, nothing is broken. */
  readonly histories: Histories;
  /** How many messages, and things told. */
  readonly size: number;
  readonly diagram: MessageDiagram;
  /** The diagram as lines of text, with the sentence below. */
  readonly text: string;
}

/** A smallest counter-example, or undefined if the histories keep the property. */
export function findCounterExample(
  histories: Histories,
  property: Property,
  options: OrderOptions = {},
): CounterExample | undefined {
  const isBroken = (part: Histories): boolean => breaks(part, property, options);
  if (!isBroken(histories)) return undefined;
  // Often the two messages alone are enough, and then there is no need to look through a long history.
  const [pair] = property === 'fifo' ? findOvertaken(histories) : findInversions(histories, options);
  const two = restrict(histories, ({ message }) => message === pair?.cause || message === pair?.effect);
  const small = minimise(isBroken(two) ? two : histories, isBroken);
  const diagram = drawDiagram(small, property, options);
  const size = new Set(diagram.arrows.map(({ message }) => message)).size;
  return { property, histories: small, size, diagram, text: renderDiagram(diagram) };
}

function sentenceOf(inversion: Inversion): string {
  const { receiver, effect, cause } = inversion;
  return `${receiver} received ${effect} before ${cause}, although ${cause} was sent first`;
}

/** Why no order fits: who received what before what, and what came before what by its cause. */
function contradictionOf(histories: Histories, options: OrderOptions): string {
  const claims: string[] = [];
  for (const [name, log] of Object.entries(histories)) {
    const received = log.filter(({ kind }) => kind === 'receive').map(({ message }) => message);
    for (const [at, message] of received.slice(1).entries())
      claims.push(`${name} received ${received[at]} before ${message}`);
  }
  const stamps = stampsOf(histories, options);
  const sent = Object.values(histories).flatMap((log) => log.filter(({ kind }) => kind === 'send'));
  for (const { message: earlier } of sent) {
    for (const { message: later } of sent) {
      if (earlier !== later && happenedBefore(stamps.get(earlier), stamps.get(later)))
        claims.push(`${later} was caused by ${earlier}`);
    }
  }
  return `no one order fits: ${claims.join('; ')}`;
}

/** The diagram of histories as they are. They should be small: nothing is left out. */
export function drawDiagram(
  histories: Histories,
  property: Property,
  options: OrderOptions = {},
): MessageDiagram {
  const [inversion] = property === 'fifo' ? findOvertaken(histories) : findInversions(histories, options);
  const sentence = inversion === undefined ? contradictionOf(histories, options) : sentenceOf(inversion);
  const roleOf = (message: string, receiver: string, isBeside: boolean): ArrowRole => {
    if (inversion === undefined) return isBeside ? 'link' : 'conflict';
    if (receiver !== inversion.receiver) return 'link';
    if (message === inversion.cause) return 'cause';
    return message === inversion.effect ? 'effect' : 'link';
  };
  return layOut(histories, property, sentence, roleOf);
}

/** What became of one message: the histories without all others. */
export function drawDelivery(histories: Histories, fault: DeliveryFault): MessageDiagram {
  const only = restrict(histories, ({ message }) => message === fault.message);
  const touched = Object.entries(only).filter(([name, log]) => log.length > 0 || name === fault.receiver);
  return layOut(Object.fromEntries(touched), 'delivery', describeDeliveryFault(fault), (_, receiver) =>
    receiver === fault.receiver ? 'effect' : 'link',
  );
}

function layOut(
  histories: Histories,
  property: string,
  sentence: string,
  roleOf: (message: string, receiver: string, isBeside: boolean) => ArrowRole,
): MessageDiagram {
  const processes = Object.keys(histories);
  const placed = linearise(histories).map(({ process, event }, row) => ({ process, row, event }));
  const events: DiagramEvent[] = placed.map(({ process, row, event: { kind, message } }) => ({
    process,
    row,
    kind,
    message,
  }));
  const origins = new Map<string, DiagramEvent>();
  const arrows: DiagramArrow[] = [];
  for (const event of events) {
    const { kind, message, process: to, row: toRow } = event;
    if (kind === 'send' || kind === 'tell') origins.set(message, event);
    const origin = origins.get(message);
    if ((kind !== 'receive' && kind !== 'hear') || origin === undefined) continue;
    const isBeside = kind === 'hear';
    const role = roleOf(message, processes[to] ?? '', isBeside);
    arrows.push({ message, role, isBeside, from: origin.process, fromRow: origin.row, to, toRow });
  }
  for (const { process: from, row: fromRow, event } of placed) {
    const { kind, message } = event;
    if (kind !== 'send' && kind !== 'tell') continue;
    for (const receiver of event.to ?? []) {
      const to = processes.indexOf(receiver);
      if (arrows.some((arrow) => arrow.message === message && arrow.to === to)) continue;
      const isBeside = kind === 'tell';
      const role = roleOf(message, receiver, isBeside);
      if (to >= 0) arrows.push({ message, role, isBeside, from, fromRow, to, toRow: null });
    }
  }
  return { processes, rows: events.length, events, arrows, property, sentence };
}
