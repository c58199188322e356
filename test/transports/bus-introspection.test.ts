/** What the broker of the bus remembers while somebody watches. */
import test from 'ava';
import type { PassingItem } from '../../broker/contract/introspection.js';
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
