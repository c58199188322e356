/**
 * The tables of the broker, and the steps between them: from a handle to its holder, from a node to its owner, and to the ids under
 * which these know them.
 *
 * Handles, nodes and peers are numbers here. A number is good as long as the thing lives, so it is kept only where the end of
 * the thing is seen: in the tables themselves, and in an item that waits (`notices.ts`).
 */
import type { Account } from './account.js';
import { Calls } from './calls.js';
import { type HandleNumber, Handles, noHandle, type PeerNumber } from './handles.js';
import { handleWord } from './held-table.js';
import { createIdArena } from './id-table.js';
import { nodeBits, wordOf } from './ids.js';
import { type NodeNumber, Nodes } from './nodes.js';
import type { Outlet, PeerIdentity } from './peer-record.js';
import { PeerRecord } from './peer-record.js';

export class Tables {
  readonly calls = new Calls();
  readonly handles: Handles;
  readonly #ids = createIdArena();
  readonly nodes: Nodes;
  /** By number; number 0 is nobody. */
  readonly #peers: (PeerRecord | undefined)[] = [undefined];
  readonly #freePeers: PeerNumber[] = [];
  /** In the order in which they came. */
  readonly #present = new Set<PeerRecord>();
  #serial = 0;

  constructor(handleArrivalsMax: number) {
    this.handles = new Handles(handleArrivalsMax);
    this.nodes = new Nodes(this.handles, this.calls);
  }

  addPeer(user: Account, identity: PeerIdentity, outlet: Outlet): PeerRecord {
    const number = this.#freePeers.pop() ?? (this.#peers.length as PeerNumber);
    this.#serial += 1;
    const peer = new PeerRecord(number, this.#serial, this.#ids, user, identity, outlet);
    this.#peers[number] = peer;
    this.#present.add(peer);
    return peer;
  }

  /** Nothing of the peer may be left in the tables. */
  removePeer(peer: PeerRecord): void {
    peer.nodes.clear();
    peer.held.clear();
    this.#peers[peer.number] = undefined;
    this.#present.delete(peer);
    this.#freePeers.push(peer.number);
  }

  /** In the order of their serials. */
  peers(): Iterable<PeerRecord> {
    return this.#present;
  }

  holderOf(handle: HandleNumber): PeerRecord {
    return this.#peers[this.handles.holder(handle)] as PeerRecord;
  }

  /** Of a live node. */
  ownerOf(node: NodeNumber): PeerRecord {
    return this.#peers[this.nodes.owner(node)] as PeerRecord;
  }

  /** The id of a handle, as its holder knows it. */
  handleWord(handle: HandleNumber): number {
    return handleWord(this.handles.place(handle));
  }

  handleGeneration(handle: HandleNumber): number {
    return this.holderOf(handle).held.generation(this.handles.place(handle));
  }

  /** The id of a live node, as its owner knows it. */
  nodeWord(node: NodeNumber): number {
    return wordOf(this.nodes.place(node), nodeBits);
  }

  nodeGeneration(node: NodeNumber): number {
    return this.ownerOf(node).nodes.generation(this.nodes.place(node));
  }

  /** Makes a node under an id that is free. */
  createNode(
    owner: PeerRecord,
    index: number,
    generation: number,
    showsCredentials: boolean,
    bytesMax: number,
  ): NodeNumber {
    const node = this.nodes.add(owner.number, index, showsCredentials, bytesMax);
    owner.nodes.add(node, index, generation);
    return node;
  }

  /** The peer's first handle to a live node of somebody else. */
  createHandle(node: NodeNumber, holder: PeerRecord, sequence: number): HandleNumber {
    const handle = this.handles.add(node, holder.number, sequence);
    this.handles.setPlace(handle, holder.held.addHandle(handle));
    this.nodes.addHolder(node, handle);
    return handle;
  }

  /** Takes the handle from its holder and its node. */
  removeHandle(handle: HandleNumber): void {
    const { handles, nodes } = this;
    const node = handles.node(handle);
    this.holderOf(handle).held.remove(handles.place(handle));
    nodes.removeHolder(node, handle);
    handles.remove(handle);
    nodes.freeIfUnheld(node);
  }

  /** Calls `visit` with each handle to a node; it must not change who holds it. */
  forEachHolder(node: NodeNumber, visit: (handle: HandleNumber) => void): void {
    for (let handle = this.nodes.firstHolder(node); handle !== noHandle; ) {
      visit(handle);
      handle = this.handles.nextOfNode(handle);
    }
  }
}
