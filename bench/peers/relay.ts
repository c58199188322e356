/**
 * The relay: A tells C, A tells B, B tells C. The smallest pattern in which the effect can overtake its cause, and what a program does that
 * writes a record to one service and then asks another one to act on it.
 *
 * A sends the cause to C (behind `load` messages of 1 KiB, as somebody does who has been writing to C already), waits until the send has
 * completed, then calls B; B calls C with the effect. Each process records what it sent and received; the histories go to a checker
 * (bench/check/order.ts) that knows no transport.
 *
 * Commands on standard input of A: `run RUNS LOAD`; answers `done`. At end-of-file each role prints its history as one line of JSON.
 */
import { createInterface } from 'node:readline';
import type { Delivery, Handle, Message, Session } from '../../broker/contract/index.js';
import { ErrorCode, hasCode } from '../../broker/contract/index.js';
import type { HistoryEvent } from '../check/history.js';
import { find, publish } from './directory.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nothing = new Uint8Array(0);
const loadBytes = new Uint8Array(1024);

/** Message names are short ("cause 7"); what is longer is load and not recorded. */
const nameBytesMax = 64;

function nameOf(delivery: Delivery): string | undefined {
  return delivery.bytes.length > nameBytesMax ? undefined : decoder.decode(delivery.bytes);
}

/** Sends; when the receiver's queue is full, waits until it is worth while to try again, as a careful sender does. */
async function sendPatiently(handle: Handle, message: Message): Promise<void> {
  for (;;) {
    try {
      await handle.send(message);
      return;
    } catch (error) {
      if (!hasCode(error, ErrorCode.OverQuota)) throw error;
      await handle.writable();
    }
  }
}

async function roleA(session: Session, history: HistoryEvent[]): Promise<void> {
  const b = await find(session, 'b');
  const c = await find(session, 'c');
  let number = 0;
  console.log(`ready ${process.pid}`);
  for await (const line of createInterface({ input: process.stdin })) {
    const [, runs = 0, load = 0] = line.split(' ').map(Number);
    for (let run = 0; run < runs; run++) {
      number++;
      for (let at = 0; at < load; at++) await sendPatiently(c, { bytes: loadBytes });
      history.push({ kind: 'send', message: `cause ${number}`, to: ['c'] });
      await sendPatiently(c, { bytes: encoder.encode(`cause ${number}`) });
      history.push({ kind: 'send', message: `ask ${number}`, to: ['b'] });
      await b.call({ bytes: encoder.encode(`ask ${number}`) });
      history.push({ kind: 'receive', message: `answer ${number}` });
    }
    console.log('done');
  }
  // A last call on the same handle: when it is answered, C has received all that came before it.
  history.push({ kind: 'send', message: 'end', to: ['c'] });
  await c.call({ bytes: encoder.encode('end') });
}

async function roleB(session: Session, history: HistoryEvent[]): Promise<void> {
  const c = await find(session, 'c');
  const relay = async (delivery: Delivery): Promise<void> => {
    const number = decoder.decode(delivery.bytes).split(' ')[1] ?? '';
    history.push({ kind: 'receive', message: `ask ${number}` });
    history.push({ kind: 'send', message: `effect ${number}`, to: ['c'] });
    await c.call({ bytes: encoder.encode(`effect ${number}`) });
    history.push({ kind: 'send', message: `answer ${number}`, to: ['a'] });
    delivery.reply?.send({ bytes: nothing });
  };
  const node = session.peer.createNode({ message: (delivery) => void relay(delivery) });
  await publish(session, 'b', node);
  console.log(`ready ${process.pid}`);
  for await (const _ of process.stdin);
}

async function roleC(session: Session, history: HistoryEvent[]): Promise<void> {
  const node = session.peer.createNode({
    message(delivery): void {
      const message = nameOf(delivery);
      if (message !== undefined) history.push({ kind: 'receive', message });
      delivery.reply?.send({ bytes: nothing });
    },
  });
  await publish(session, 'c', node);
  console.log(`ready ${process.pid}`);
  for await (const _ of process.stdin);
}

const roles: Readonly<Record<string, (session: Session, history: HistoryEvent[]) => Promise<void>>> = {
  a: roleA,
  b: roleB,
  c: roleC,
};

export async function runRelay(session: Session, role: string): Promise<void> {
  const history: HistoryEvent[] = [];
  const run = roles[role];
  if (run === undefined) throw new Error(`the relay has no role "${role}"`);
  await run(session, history);
  await new Promise<void>((resolve) => process.stdout.write(`${JSON.stringify(history)}\n`, () => resolve()));
  session.peer.close();
}
