/**
 * W5: a grant is taken back, until its holder knows and can do nothing more.
 *
 * Before each sample the owner makes a node and gives every holder a handle to it, in a call that the holder answers; this is not
 * measured. A sample is from before the grant is taken back until the last holder that is concerned has been told (`gone`), by the
 * holders' own clocks. Each then tries to send on its handle, and must be refused with `node-gone`; a message that still arrives, a holder
 * who hears nothing, hears twice, or could still send, is a violation.
 *
 * `all`: the owner destroys the node, and all lose it. `one`: one of the holders, each in its turn, loses its grant and the others keep
 * theirs, by the means that the contract has on this transport: `Delivery.revoke` where `revocation` is `holder`, else a node for each
 * holder, of which one is destroyed (C27, bus N8).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CapabilityNode,
  type Delivery,
  ErrorCode,
  type Handle,
  hasCode,
  type Peer,
} from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';
import { openPolledCollector, openReporter } from './receipts.js';

export type Revoked = 'all' | 'one';

/** Said instead of a number by a holder whose handle was good for something after all. */
const stillGood = 0xffff_ffff;
const nothing = new Uint8Array(0);

/** Says when each grant was gone, through `receipts`. */
export function createHolder(peer: Peer, receipts: string, index: number): CapabilityNode {
  const report = openReporter(receipts, index);
  const watch = async (handle: Handle, number: number): Promise<void> => {
    const reason = await handle.gone;
    const goneNs = process.hrtime.bigint();
    const refused = await handle.send({ bytes: nothing }).then(
      () => false,
      (error: unknown) => hasCode(error, ErrorCode.NodeGone),
    );
    handle.close();
    report(refused && handle.isGone && reason === 'node-gone' ? number : stillGood, goneNs);
  };
  return peer.createNode({
    message({ bytes, handles, reply }): void {
      const [handle] = handles;
      if (handle === undefined) throw new Error('the holder was given nothing');
      const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      void watch(handle, number);
      // The owner learns from the first use which delivery to take back.
      void handle.call({ bytes: nothing }).then(() => reply?.send({ bytes: nothing }));
    },
  });
}

/** The grants of one sample: what the owner does to take back all of them, or that of one holder. */
class Grants {
  readonly #nodes: CapabilityNode[];
  readonly #uses: (Delivery | undefined)[] = [];
  readonly #isByHolder: boolean;
  #isTakenBack = false;
  /** Messages that came after everything had been taken back. */
  late = 0;

  constructor(peer: Peer, holders: number, revoked: Revoked) {
    this.#isByHolder = peer.manifest.revocation === 'holder';
    const nodes = revoked === 'all' || this.#isByHolder ? 1 : holders;
    this.#nodes = Array.from({ length: nodes }, () => peer.createNode({ message: (use) => this.#used(use) }));
  }

  #used(delivery: Delivery): void {
    if (this.#isTakenBack) this.late++;
    // Grants are given one after the other where it matters whose use this is.
    this.#uses.push(delivery);
    delivery.reply?.send({ bytes: nothing });
  }

  nodeFor(holder: number): CapabilityNode {
    return (this.#nodes[holder] ?? this.#nodes[0]) as CapabilityNode;
  }

  takeBackAll(): void {
    this.#isTakenBack = true;
    for (const node of this.#nodes) if (!node.isDestroyed) node.destroy();
  }

  takeBackOne(holder: number): void {
    if (this.#isByHolder) this.#uses[holder]?.revoke();
    else this.nodeFor(holder).destroy();
  }
}

/** The owner's loop; `holders` are handles to the holders' nodes in the order of their indices. */
export function createRevokeLoop(
  peer: Peer,
  holders: readonly Handle[],
  receipts: string,
  revoked: Revoked,
): ClosedLoop {
  const collect = openPolledCollector(receipts, holders.length);
  const bytes = new Uint8Array(4);
  const view = new DataView(bytes.buffer);
  let number = 0;
  const give = async (grants: Grants): Promise<void> => {
    const calls = holders.map(async (holder, at) => holder.call({ bytes, handles: [grants.nodeFor(at)] }));
    await Promise.all(calls);
  };
  const giveInTurn = async (grants: Grants): Promise<void> => {
    for (const [at, holder] of holders.entries()) await holder.call({ bytes, handles: [grants.nodeFor(at)] });
  };
  return async (endMs, samples) => {
    let violations = 0;
    while (performance.now() < endMs && !samples.isFull) {
      number = (number + 1) >>> 0;
      view.setUint32(0, number, true);
      const grants = new Grants(peer, holders.length, revoked);
      await (revoked === 'one' ? giveInTurn(grants) : give(grants));
      // What giving leaves to be done is done before the clock starts.
      await sleep(1);
      const start = process.hrtime.bigint();
      if (revoked === 'one') grants.takeBackOne(number % holders.length);
      else grants.takeBackAll();
      const told = await collect(number, revoked === 'one' ? [number % holders.length] : holders.keys());
      samples.add(Number(told.lastNs - start) / 1e6);
      violations += told.violations;
      if (revoked === 'one') {
        grants.takeBackAll();
        const rest = [...holders.keys()].filter((holder) => holder !== number % holders.length);
        violations += (await collect(number, rest)).violations;
      }
      violations += grants.late;
    }
    return violations;
  };
}
