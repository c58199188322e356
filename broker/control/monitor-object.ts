/**
 * A monitor, as a control object: everything that passes on the transports of the manager is told to the node that the asker named,
 * several items in a message.
 *
 * While no monitor is open the transports build nothing for one. An open one costs what it is told: an item that its filter lets
 * through is copied into a bounded queue. A monitor that does not take its messages loses the oldest items of its queue and is told
 * how many; senders never wait for it.
 *
 * What monitors are told is itself sent over a transport; it is concealed from all monitors (`Introspection.conceal`), or two of
 * them would tell each other of each other for ever.
 */
import { Passed, type PassedItemShape, PassedKind, Rights } from '../contract/control.js';
import {
  BrokerError,
  ErrorCode,
  type Handle,
  limits,
  type Message,
  type PassingItem,
  type PassingKind,
  type PeerName,
} from '../contract/index.js';
import { BoundedQueue } from './bounded-queue.js';
import { type Introspected, peerNameShape } from './census.js';
import { ControlObject, type Incoming, type Place, type Result } from './control-object.js';
import { Courier } from './courier.js';
import { ControlFailure } from './errors.js';
import type { MachineNames } from './machine.js';
import { Filter } from './which.js';

const kindNumber: Readonly<Record<PassingKind, PassedKind>> = {
  message: PassedKind.PASSED_MESSAGE,
  call: PassedKind.PASSED_CALL,
  reply: PassedKind.PASSED_REPLY,
  'reply-lost': PassedKind.PASSED_REPLY_LOST,
  'node-gone': PassedKind.PASSED_NODE_GONE,
  'node-unused': PassedKind.PASSED_NODE_UNUSED,
  writable: PassedKind.PASSED_WRITABLE,
  refused: PassedKind.PASSED_REFUSED,
};

/** Above this a message is sent and the rest follows in the next. */
const batchBytes = 24 * 1024;
/** Bytes of an item beside its texts and its payload, rounded up. */
const itemBytes = 160;

/** An item as it waits: names are looked up when it is sent. */
interface Waiting {
  readonly server: Introspected;
  readonly from: PeerName | undefined;
  readonly to: PeerName | undefined;
  readonly shape: PassedItemShape;
  readonly bytes: number;
}

export class MonitorObject extends ControlObject {
  readonly #subscriber: Handle;
  readonly #courier: Courier;
  readonly #filter: Filter;
  readonly #names: MachineNames;
  readonly #payloadBytes: number;
  readonly #queue = new BoundedQueue<Waiting>(limits.monitorQueueItemsMax);
  readonly #endings: (() => void)[] = [];
  /** The manager is shutting down, and the subscriber has to be told so. */
  #isEnding = false;
  #isEndUntold = false;

  /**
   * Opens a monitor for the node whose handle came with the request, and takes that handle. Throws `invalid-argument` without a
   * handle or with too many bytes, `over-quota`.
   */
  static open(place: Place, incoming: Incoming): MonitorObject {
    const [subscriber] = incoming.handles;
    if (subscriber === undefined) {
      throw new ControlFailure(
        ErrorCode.InvalidArgument,
        'a monitor needs a handle to the node that is told what passes',
      );
    }
    const bytes = incoming.request.monitor?.bytes ?? 0;
    if (bytes > limits.monitorBytesMax) {
      throw new ControlFailure(
        ErrorCode.InvalidArgument,
        `a monitor is shown at most ${limits.monitorBytesMax} bytes of a payload`,
      );
    }
    const monitor = new MonitorObject(place, incoming, subscriber, bytes);
    incoming.handles[0] = undefined;
    return monitor;
  }

  private constructor(place: Place, incoming: Incoming, subscriber: Handle, payloadBytes: number) {
    const { room } = place;
    const names = room.machine.names();
    const filter = new Filter(incoming.request.monitor?.which, names, (node) => room.census.serviceOf(node));
    super(place, Rights.RIGHTS_MANAGE, incoming.account, { label: 'monitor' });
    this.#names = names;
    this.#filter = filter;
    this.#subscriber = subscriber;
    this.#courier = new Courier({
      subscriber,
      isOver: () => this.node.isDestroyed,
      nextBatch: () => this.#nextBatch(),
      lost: () => this.destroy(),
    });
    this.#payloadBytes = payloadBytes;
    const reveal = room.census.find(place.transport)?.introspection.conceal(subscriber);
    if (reveal !== undefined) this.#endings.push(reveal);
    for (const server of room.census.servers) {
      if (!filter.transport(server.transport)) continue;
      this.#endings.push(server.introspection.observe((item) => this.#see(server, item)));
    }
    const endListening = room.supervisor.listen((event) => {
      if (event.kind !== 'shutdown') return;
      this.#isEnding = true;
      this.#isEndUntold = true;
      this.#courier.wake();
    });
    this.#endings.push(endListening);
    room.monitors += 1;
    void subscriber.gone.then(() => this.destroy());
  }

  override destroy(): void {
    if (this.node.isDestroyed) return;
    this.place.room.monitors -= 1;
    for (const end of this.#endings.splice(0)) end();
    this.#subscriber.close();
    this.#queue.clear();
    super.destroy();
  }

  protected override statusMessage(): Message {
    throw noMethod('status');
  }

  protected override perform(incoming: Incoming): Result {
    throw noMethod(incoming.request.method ?? '');
  }

  /** From within an operation of the transport: takes note and returns. */
  #see(server: Introspected, item: PassingItem): void {
    const { from, to, node, bytes, handles, descriptors, code, sequence, blame, latencyMs } = item;
    const kind = kindNumber[item.kind];
    if (!this.#filter.kind(kind) || !this.#filter.between(from, to, node)) return;
    const shown = Math.min(this.#payloadBytes, item.payload.length);
    const shape: PassedItemShape = {
      kind,
      wallMs: this.place.room.time.wallMs(),
      transport: server.transport,
      sequence,
      nodeId: node?.id ?? '',
      node: node?.label ?? '',
      ...{ bytes, handles, descriptors, code },
      ...(shown === 0 ? {} : { payload: item.payload.slice(0, shown) }),
      ...(blame === undefined ? {} : { blamedResource: blame.resource, blamedUid: blame.uid }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    };
    const size = itemBytes + shown + 3 * (node?.label.length ?? 0);
    this.#queue.push({ server, from, to, shape, bytes: size });
    this.#courier.wake();
  }

  #nextBatch(): Uint8Array | undefined {
    if (this.#queue.length === 0 && !this.#isEndUntold) return undefined;
    let bytes = 0;
    const waiting = this.#queue.takeWhile((item) => {
      bytes += item.bytes;
      return bytes <= batchBytes;
    });
    const lost = this.#queue.takeLost();
    const first = waiting[0];
    if (first !== undefined) first.server.monitorLost += lost;
    this.#isEndUntold = false;
    const items = waiting.map((item) => this.#named(item));
    return Passed.encode({ items, lost, isShuttingDown: this.#isEnding }).finish();
  }

  #named({ server, from, to, shape }: Waiting): PassedItemShape {
    const named = (peer: PeerName | undefined) =>
      peer === undefined ? null : peerNameShape(server.transport, peer, this.#names);
    const { blamedResource, blamedUid } = shape;
    return {
      ...shape,
      sender: named(from),
      receiver: named(to),
      ...(blamedResource ? { blamedUser: this.#names.user(blamedUid ?? 0) } : {}),
    };
  }
}

function noMethod(method: string): BrokerError {
  return new BrokerError(ErrorCode.UnknownMethod, `a monitor has no method '${method}'`);
}
