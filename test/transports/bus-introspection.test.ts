/** What the broker of the bus remembers while somebody watches. */
import test from 'ava';
import type { PassingItem } from '../../broker/contract/introspection.js';
import { introspectionStepsMax } from '../../broker/contract/limits.js';
import { BusIntrospection } from '../../transports/bus/router/introspection.js';
import { BusRig } from '../support/bus-rig.js';
import { WorldPeer } from '../support/capability-world.js';

test('calls that were withdrawn do not keep the latency of later ones from being told', (t) => {
  const rig = new BusRig(() => {});
  const { router, own } = rig;
  const [owner, caller] = [new WorldPeer(router.core, 'owner', 1), new WorldPeer(router.core, 'caller', 1)];
  const introspection = new BusIntrospection({
    ...{ router, peer: own, own: owner.record, peers: () => 2 },
    lineOf: () => ({ sinceMs: 0, blockedSinceMs: undefined, root: undefined }),
  });
  const told: PassingItem[] = [];
  const end = introspection.observe((item) => {
    if (item.kind === 'reply') told.push(item);
  });
  const handle = owner.grant(owner.create(), caller);
  for (let tag = 1; tag <= 65_536; tag += 1) {
    if (caller.call(handle, '', tag) < 0) throw new Error('refused');
    caller.withdraw(tag);
    for (const { kind, reply } of owner.drain()) if (kind === 'Message') owner.release(reply);
  }
  caller.call(handle, '', 70_000);
  const call = owner.drain().find(({ reply }) => reply !== '');
  owner.reply(call?.reply ?? '', 'answer');
  t.is(told.length, 1);
  t.not(told[0]?.latencyMs, undefined);
  end();
});

test('Q6: places of a table where nothing is count as looked at, so no page takes long', (t) => {
  const rig = new BusRig(() => {});
  const { router, own } = rig;
  const [owner, holder] = [new WorldPeer(router.core, 'owner', 1), new WorldPeer(router.core, 'holder', 1)];
  const introspection = new BusIntrospection({
    ...{ router, peer: own, own: owner.record, peers: () => 2 },
    lineOf: () => ({ sinceMs: 0, blockedSinceMs: undefined, root: undefined }),
  });
  const count = 3 * introspectionStepsMax;
  const held = Array.from({ length: count }, (_, at) => owner.grant(owner.create(at), holder));
  // The last one keeps the table as large as it was.
  for (const handle of held.slice(0, -1)) holder.release(handle);
  const pages: number[] = [];
  let after: string | undefined;
  do {
    const page = introspection.handles({ itemsMax: 10, ...(after === undefined ? {} : { after }) });
    pages.push(page.items.length);
    after = page.next;
  } while (after !== undefined && pages.length < 100);
  t.deepEqual(pages, [0, 0, 0, 1]);
});
