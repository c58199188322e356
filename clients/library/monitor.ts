/**
 * A monitor: what passes on the manager's transports, as it passes, taken with `for await`. Needs the right to manage.
 */
import { Passed, type PassedItemShape } from '../../broker/contract/control.js';
import { errorName, type Handle, limits, type Peer } from '../../broker/contract/index.js';
import { type Batch, Feed } from './feed.js';
import { type PeerName, peerNameFrom, type Which, whichShape } from './introspection.js';
import { type PassedKind, passedWords, word } from './words.js';

export interface MonitorOptions extends Which {
  /** Only what is of these kinds; default all. */
  readonly kinds?: readonly PassedKind[];
  /** So many bytes of each payload, at most 256; default none. */
  readonly bytes?: number;
}

/** Something that has passed. */
export interface PassedItem {
  readonly kind: PassedKind;
  readonly timeMs: number;
  readonly transport: string;
  /** Position in the order of the bus; 0 elsewhere. */
  readonly sequence: number;
  /** `undefined` for what the transport itself says. */
  readonly sender: PeerName | undefined;
  readonly receiver: PeerName | undefined;
  readonly nodeId: string | undefined;
  readonly node: string | undefined;
  readonly bytes: number;
  readonly handles: number;
  readonly descriptors: number;
  /** The beginning of the payload, as much as was asked for. */
  readonly payload: Uint8Array | undefined;
  /** Why it was refused, or the reply lost: a name of the closed list. */
  readonly code: string | undefined;
  /** Whose share of what was full. */
  readonly quota:
    | { readonly resource: string; readonly uid: number; readonly user: string | undefined }
    | undefined;
  /** Of a reply: from the call to its end. */
  readonly latencyMs: number | undefined;
  /** Items that were lost before this one. */
  readonly lost: number;
}

/** Items in the order in which each transport accepted them. Ends when it is closed, or with the manager. */
export class MonitorStream extends Feed<PassedItem> {
  /** Use `Manager.monitor`. */
  constructor(peer: Peer) {
    super(peer, limits.monitorQueueItemsMax);
  }

  /** Begins, with a handle to the manager, which it borrows. On failure it is closed, and throws. */
  begin(manager: Handle, options: MonitorOptions): Promise<void> {
    const { kinds = [], bytes = 0, ...which } = options;
    return this.open(manager, { monitor: { which: whichShape(which, kinds), bytes } });
  }

  protected override decode(bytes: Uint8Array): Batch<PassedItem> {
    const { items: wire, lost, isShuttingDown } = Passed.decode(bytes);
    const items = (wire ?? []).map((item, at) => itemFrom(item, at === 0 ? (lost ?? 0) : 0));
    return { items, lost: items.length === 0 ? (lost ?? 0) : 0, isLast: isShuttingDown ?? false };
  }
}

function itemFrom(wire: PassedItemShape, lost: number): PassedItem {
  const { sender, receiver, payload, code, blamedResource } = wire;
  return {
    kind: word(passedWords, wire.kind ?? 0, 'message'),
    timeMs: wire.wallMs ?? 0,
    transport: wire.transport ?? '',
    sequence: wire.sequence ?? 0,
    sender: sender ? peerNameFrom(sender) : undefined,
    receiver: receiver ? peerNameFrom(receiver) : undefined,
    nodeId: wire.nodeId || undefined,
    node: wire.node || undefined,
    bytes: wire.bytes ?? 0,
    handles: wire.handles ?? 0,
    descriptors: wire.descriptors ?? 0,
    payload: payload && payload.length > 0 ? payload : undefined,
    code: code ? errorName(code) : undefined,
    quota: blamedResource
      ? { resource: blamedResource, uid: wire.blamedUid ?? 0, user: wire.blamedUser || undefined }
      : undefined,
    latencyMs: wire.latencyMs ?? undefined,
    lost,
  };
}
