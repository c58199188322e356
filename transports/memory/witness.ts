/**
 * Counts what passes between the peers of one world, and tells those who watch (contract `Introspection`).
 */
import { ErrorCode } from '../../broker/contract/errors.js';
import {
  Observers,
  type PassingFacts,
  passingItem,
  TrafficCounter,
} from '../../broker/contract/introspection.js';
import type { Message } from '../../broker/contract/transport.js';
import type { CallTarget } from './call.js';
import type { Cargo } from './cargo.js';
import type { NodeTarget } from './node.js';
import type { MemoryPeer } from './peer.js';
import type { Target } from './target.js';

/** An item but for its moment. */
type Told = Omit<PassingFacts, 'atMs'>;

export class Witness {
  readonly traffic = new TrafficCounter();
  readonly observers = new Observers();
  readonly #concealed = new WeakSet<Target>();

  /** Tells nobody of what goes to this node. */
  conceal(target: Target): () => void {
    this.#concealed.add(target);
    return () => this.#concealed.delete(target);
  }

  /** A message or a call was accepted. */
  accepted(
    from: MemoryPeer,
    node: NodeTarget,
    cargo: Cargo,
    sequence: number,
    call: CallTarget | undefined,
  ): void {
    if (call === undefined) this.traffic.messages += 1;
    else this.traffic.calls += 1;
    from.messagesOut += 1;
    node.owner.messagesIn += 1;
    if (this.observers.tell === undefined) return;
    if (call !== undefined) call.seenAtMs = from.world.time.monotonicMs();
    this.#tell(node, {
      kind: call === undefined ? 'message' : 'call',
      sequence,
      from: from.name,
      ...cargoFacts(cargo),
    });
  }

  /** A reply was accepted. */
  answered(from: MemoryPeer, call: CallTarget, cargo: Cargo, sequence: number): void {
    this.traffic.replies += 1;
    from.messagesOut += 1;
    call.owner.messagesIn += 1;
    if (this.observers.tell === undefined) return;
    this.#tell(call.node, {
      kind: 'reply',
      sequence,
      from: from.name,
      to: call.owner.name,
      latencyMs: this.#latency(call),
      ...cargoFacts(cargo),
    });
  }

  /** Nobody will answer this call. */
  lost(call: CallTarget): void {
    this.traffic.repliesLost += 1;
    if (this.observers.tell === undefined) return;
    this.#tell(call.node, {
      kind: 'reply-lost',
      to: call.owner.name,
      code: ErrorCode.ReplyLost,
      latencyMs: this.#latency(call),
    });
  }

  /** A holder will be told that the node is gone. */
  gone(node: Target, holder: MemoryPeer, sequence: number): void {
    this.traffic.nodesGone += 1;
    if (this.observers.tell !== undefined) this.#tell(node, { kind: 'node-gone', sequence, to: holder.name });
  }

  unused(node: NodeTarget): void {
    this.traffic.nodesUnused += 1;
    if (this.observers.tell !== undefined) this.#tell(node, { kind: 'node-unused' });
  }

  /** A sender that waited for room is told of it. */
  writable(peer: MemoryPeer): void {
    this.traffic.writables += 1;
    this.observers.tell?.(
      passingItem({ kind: 'writable', atMs: peer.world.time.monotonicMs(), to: peer.name }),
    );
  }

  refused(from: MemoryPeer, target: Target, code: number, message: Message): void {
    this.traffic.refuse(code);
    if (this.observers.tell === undefined) return;
    const { bytes, handles = [], descriptors = [] } = message;
    this.#tell(target, {
      kind: 'refused',
      from: from.name,
      code,
      bytes: bytes.length,
      handles: handles.length,
      descriptors: descriptors.length,
      payload: bytes,
      blame:
        code === ErrorCode.OverQuota ? { resource: 'queue', uid: target.owner.credentials.uid } : undefined,
    });
  }

  #tell(target: Target, told: Told): void {
    if (this.#concealed.has(target)) return;
    const { owner } = target;
    const atMs = owner.world.time.monotonicMs();
    this.observers.tell?.(passingItem({ atMs, to: owner.name, node: target.name, ...told }));
  }

  #latency(call: CallTarget): number | undefined {
    return call.seenAtMs === undefined ? undefined : call.owner.world.time.monotonicMs() - call.seenAtMs;
  }
}

function cargoFacts(cargo: Cargo): Partial<PassingFacts> {
  const { bytes, descriptors } = cargo;
  return { bytes: bytes.length, handles: cargo.handles, descriptors: descriptors.length, payload: bytes };
}
