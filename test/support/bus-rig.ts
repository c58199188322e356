/** A broker and its clients on a packet loop without a kernel. */

import type { CapabilityLimits, PeerRecord } from '../../broker/capability/index.js';
import type { Credentials, Delivery } from '../../broker/contract/transport.js';
import { manifest } from '../../transports/bus/index.js';
import type { BusNode } from '../../transports/bus/node.js';
import { BusPeer } from '../../transports/bus/peer.js';
import { Connection } from '../../transports/bus/router/connection.js';
import { LocalLink } from '../../transports/bus/router/local-link.js';
import { Router } from '../../transports/bus/router/router.js';
import { SocketLink } from '../../transports/bus/socket-link.js';
import { FakePacketLoop, type FakePacketSocket } from './fake-packet-loop.js';
import { createStillTime } from './still-time.js';

const who: Credentials = { pid: 42, uid: 1000, gid: 1001 };
const later = (act: () => void): void => void setImmediate(act);

export class BusRig {
  readonly loop = new FakePacketLoop();
  readonly time = createStillTime();
  readonly router: Router;
  /** The server's own peer, with the one root. */
  readonly own: BusPeer;
  readonly root: BusNode;
  readonly connections = new Set<Connection>();
  readonly #link: LocalLink;

  constructor(receive: (delivery: Delivery) => void, limits: Partial<CapabilityLimits> = {}) {
    const { loop, time } = this;
    this.router = new Router({ loop, time, duplicate: () => -1, sealedLength: () => -1, later, limits });
    this.own = new BusPeer({ manifest, time, options: {} });
    this.#link = new LocalLink(this.router, { pid: 1, uid: 0, gid: 0 }, this.own);
    this.own.attach(this.#link);
    this.root = this.own.createNode({ message: receive });
  }

  /** A connection whose other end is the caller's, and the number of that end. */
  accept(uid = who.uid): { readonly descriptor: number; readonly connection: Connection } {
    const [near, far] = this.loop.pair();
    const connection = new Connection(this.router, this, near, { ...who, uid });
    this.connections.add(connection);
    return { descriptor: far, connection };
  }

  /** A client, connected as soon as the loop has taken a turn. */
  connect(uid?: number): {
    readonly peer: BusPeer;
    readonly link: SocketLink;
    readonly socket: FakePacketSocket;
  } {
    const { loop, time } = this;
    const { descriptor } = this.accept(uid);
    const peer = new BusPeer({ manifest, time, options: {} });
    const link = new SocketLink(loop, time, descriptor, peer);
    peer.attach(link);
    link.welcome.catch(() => {});
    return { peer, link, socket: link.socket as FakePacketSocket };
  }

  /** Lets everything happen that is under way, promises and local deliveries included. */
  async settle(): Promise<void> {
    for (let round = 0; round < 8; round += 1) {
      this.loop.turn();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  admit(_connection: Connection, peer: PeerRecord, _who: Credentials, root: Uint32Array): number {
    const id = this.router.core.introduce(this.#link.peer, this.root, peer);
    this.root.transferred();
    root[0] = id?.word ?? 0;
    root[1] = id?.generation ?? 0;
    return 0;
  }

  forget(connection: Connection): void {
    this.connections.delete(connection);
  }
}
