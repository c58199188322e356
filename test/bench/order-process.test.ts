/** One process of W8 by itself: when it says that it is done with a run, whatever order things reach it in. */
import test from 'ava';
import { OrderProcess } from '../../bench/peers/order.js';
import { namedBytes } from '../../bench/peers/order-messages.js';

const payloadBytes = 64;

/** C of the pattern `disjoint`, which begins and receives; what it sends and says past the transport is in `said`. */
async function partner(): Promise<{ readonly c: OrderProcess; readonly said: string[] }> {
  const said: string[] = [];
  const endpoint = {
    meet: async () => {},
    send: async (to: readonly string[]) => void said.push(`sends to ${to.join(' ')}`),
    offer: async () => true,
    room: async () => {},
    close: () => {},
  };
  const c = new OrderProcess('c', endpoint, { tell: (to, line) => void said.push(`${to}: ${line}`) }, 1);
  const sizes = { runs: 5, firstRun: 1, loadMessages: 3, payloadBytes, seed: 1, maxMs: 1000 };
  await c.arm({ pattern: 'disjoint', ...sizes });
  return { c, said };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const events: Readonly<Record<string, (c: OrderProcess, run: number) => void>> = {
  begin: (c, run) => c.hear(`start ${run}`),
  first: (c, run) => c.receive(namedBytes({ name: 'first', run }, payloadBytes)),
  second: (c, run) => c.receive(namedBytes({ name: 'second', run }, payloadBytes)),
};

const orders = [
  ['begin', 'first', 'second'],
  ['first', 'begin', 'second'],
  ['first', 'second', 'begin'],
  ['second', 'first', 'begin'],
];

for (const order of orders) {
  for (const isApart of [false, true]) {
    test(`W8 it is done once, and after what it sends: ${order.join(', ')}${isApart ? ', each by itself' : ''}`, async (t) => {
      const { c, said } = await partner();
      for (const run of [1, 2]) {
        for (const name of order) {
          events[name]?.(c, run);
          if (isApart) await settled();
        }
        await settled();
        await settled();
        t.deepEqual(
          said.splice(0).map((line) => line.replace('sends to e d', 'sends to d e')),
          ['sends to d e', `a: done ${run}`],
        );
      }
    });
  }
}
