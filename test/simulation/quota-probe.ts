/**
 * Whether the accounts came back to nothing (bus Q1, Q4), from outside: once everybody has left, two newcomers can bring as much
 * under way as two newcomers on a broker that nobody has used.
 */
import { Operation } from '../../transports/bus/operation.js';
import { SimulatedBroker } from './broker.js';
import type { Plan } from './plan.js';

/** Messages after which a limit is as good as none. */
const probesMax = 40;
const noBytes = new Uint8Array(200);
const nodeBits = 0;
const newNodeBits = 2;

/** What is wrong, if the used broker takes less or more than a fresh one. */
export function probeQuota(used: SimulatedBroker, plan: Plan): string | undefined {
  const { limits, users } = plan;
  if (Object.keys(limits).length === 0) return undefined;
  for (let user = 0; user < users; user += 1) {
    const before = capacity(new SimulatedBroker(limits), 1000 + user);
    const after = capacity(used, 1000 + user);
    if (before !== after) return `a newcomer of user ${user} can send ${after} messages, not ${before}`;
  }
  return undefined;
}

/** Messages that a peer of this user can send to one that reads nothing; each with a payload, a descriptor and a new node. */
function capacity(broker: SimulatedBroker, uid: number): number {
  const { core } = broker;
  const sender = broker.connect('', uid);
  const receiver = broker.connect('', uid);
  const node = { word: nodeBits, generation: 1 };
  core.create(receiver.record, node.word, node.generation, false);
  const handle = core.introduce(receiver.record, node, sender.record);
  const operation = new Operation();
  let count = 0;
  while (handle !== undefined && count < probesMax) {
    operation.address(handle.word, handle.generation);
    operation.addTransfer((count << 3) | newNodeBits, 1);
    operation.setPayload(noBytes, 0, noBytes.length);
    operation.descriptors = [2_000_000 + count];
    if (core.send(sender.record, operation) < 0) break;
    count += 1;
  }
  core.endPeer(receiver.record);
  core.endPeer(sender.record);
  return count;
}
