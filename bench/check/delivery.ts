/**
 * Judges delivery from recorded histories: every message reaches each of its receivers once, with equal bytes, and nobody receives what
 * was not sent to him.
 */
import type { Histories, HistoryEvent } from './history.js';

export interface DeliveryFault {
  readonly kind: 'lost' | 'doubled' | 'invented' | 'changed';
  readonly message: string;
  readonly receiver: string;
  /** Who sent it; undefined for what nobody sent. */
  readonly sender?: string;
}

interface Sent {
  readonly sender: string;
  readonly event: HistoryEvent;
}

/** All faults of delivery, those of arrival first; none in a clean run that has come to its end. */
export function findDeliveryFaults(histories: Histories): DeliveryFault[] {
  const sent = new Map<string, Sent>();
  for (const [sender, log] of Object.entries(histories)) {
    for (const event of log) if (event.kind === 'send') sent.set(event.message, { sender, event });
  }
  const faults: DeliveryFault[] = [];
  const arrived = new Set<string>();
  for (const [receiver, log] of Object.entries(histories)) {
    for (const { kind, message, digest } of log) {
      if (kind !== 'receive') continue;
      const origin = sent.get(message);
      const key = `${receiver} ${message}`;
      if (origin === undefined || origin.event.to?.includes(receiver) === false) {
        faults.push({ kind: 'invented', message, receiver });
        continue;
      }
      const { sender, event } = origin;
      if (arrived.has(key)) faults.push({ kind: 'doubled', message, receiver, sender });
      if (digest !== event.digest) faults.push({ kind: 'changed', message, receiver, sender });
      arrived.add(key);
    }
  }
  for (const [message, { sender, event }] of sent) {
    for (const receiver of event.to ?? []) {
      if (!arrived.has(`${receiver} ${message}`)) faults.push({ kind: 'lost', message, receiver, sender });
    }
  }
  return faults;
}

const verbs = {
  lost: 'never reached',
  doubled: 'reached twice',
  invented: 'was not sent to, but reached',
  changed: 'was changed on its way to',
} as const satisfies Record<DeliveryFault['kind'], string>;

/** One sentence for people. */
export function describeDeliveryFault({ kind, message, receiver, sender }: DeliveryFault): string {
  return `${message}${sender === undefined ? '' : ` from ${sender}`} ${verbs[kind]} ${receiver}`;
}

const prime = 0x0100_0193;

/** FNV-1a of 32 bits: enough to see a changed byte. */
export function digestOf(bytes: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, prime);
  return hash >>> 0;
}
