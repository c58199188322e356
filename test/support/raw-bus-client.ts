/** A client of a `BusRig` that writes what it likes: frames put together by hand, as many to a packet as have room. */
import { handleBits, nodeBits, wordOf } from '../../broker/capability/index.js';
import * as wire from '../../transports/bus/wire.js';
import { decodeFrames } from './bus-decoder.js';
import type { BusRig } from './bus-rig.js';
import type { FakePacketSocket } from './fake-packet-loop.js';

type Id = readonly [word: number, generation: number];

export class RawBusClient {
  /** Frames of the broker, as text: kind and serial, or the payload of a message. */
  readonly heard: string[] = [];
  readonly descriptors: number[] = [];
  isEnded = false;
  /** The handle that the broker gave it. */
  root: Id = [0, 0];
  readonly #rig: BusRig;
  readonly #near: number;
  readonly #close: () => void;
  #serial = 0;

  constructor(rig: BusRig, uid?: number) {
    this.#rig = rig;
    const { descriptor } = rig.accept(uid);
    this.#near = descriptor ^ 1;
    const socket = rig.loop.adopt(descriptor, {
      packet: (offset, length, descriptors) => {
        this.descriptors.push(...descriptors);
        const packet = rig.loop.receiveBytes.slice(offset, offset + length);
        for (const { name, fields } of decodeFrames(packet)) this.#hear(name, fields);
      },
      ended: () => {
        this.isEnded = true;
      },
      drained: () => {},
    });
    this.#close = () => socket.close();
    const hello = new Uint8Array(wire.helloBytes);
    wire.writeHello(new DataView(hello.buffer), 0);
    rig.loop.deliver(this.#near, hello);
    rig.loop.turn();
  }

  /** Hands frames to the broker as one packet. */
  write(frames: readonly Uint8Array[], descriptors: readonly number[] = []): void {
    this.#rig.loop.deliver(this.#near, Buffer.concat(frames), descriptors);
  }

  /** The broker's end of the connection. */
  get brokerEnd(): FakePacketSocket | undefined {
    return this.#rig.loop.socket(this.#near);
  }

  close(): void {
    this.#close();
  }

  create(index: number): Uint8Array {
    const [word, generation] = ownNode(index);
    return this.#frame(wire.FrameKind.Create, wire.createBytes, [0, word, generation]);
  }

  list(ids: readonly Id[]): Uint8Array {
    const bytes = wire.destinationListHeadBytes + wire.idBytes * ids.length;
    return this.#frame(wire.FrameKind.List, bytes, [ids.length, 0, 0, ...ids.flat()]);
  }

  /** To the list that was told. */
  multicast(flags = 0): Uint8Array {
    return this.#frame(wire.FrameKind.Multicast, wire.multicastHeadBytes, [0, 0, 0], wire.listedFlag | flags);
  }

  holders([word, generation]: Id): Uint8Array {
    return this.#frame(wire.FrameKind.Holders, wire.holdersBytes, [0, word, generation]);
  }

  /** A message with eight letters, and so many descriptors. */
  send([word, generation]: Id, text: string, descriptors = 0, tag = 0): Uint8Array {
    const kind = tag === 0 ? wire.FrameKind.Send : wire.FrameKind.Call;
    const frame = this.#frame(kind, wire.sendHeadBytes + 8, [0, word, generation, tag, 0]);
    frame.set(new TextEncoder().encode(text.padEnd(8)), wire.sendHeadBytes);
    frame[6] = descriptors;
    return frame;
  }

  /** Gives handles back, one each. */
  release(ids: readonly Id[]): Uint8Array {
    const bytes = wire.listHeadBytes + wire.releaseEntryBytes * ids.length;
    return this.#frame(wire.FrameKind.Release, bytes, [ids.length, ...ids.flatMap((id) => [...id, 1])]);
  }

  #frame(kind: wire.FrameKind, bytes: number, words: readonly number[], flags = 0): Uint8Array {
    const frame = new Uint8Array(wire.paddedBytes(bytes));
    const view = new DataView(frame.buffer);
    wire.writeHeader(view, 0, bytes, kind, flags, 0);
    this.#serial += 1;
    view.setUint32(8, this.#serial, true);
    for (const [at, word] of words.entries()) view.setUint32(12 + 4 * at, word, true);
    return frame;
  }

  #hear(name: string, fields: Record<string, unknown>): void {
    if (name === 'welcome') {
      const [word = 0, generation = 0] = String(fields['root']).split('.').map(Number);
      this.root = [word, generation];
      return;
    }
    const said = fields['serial'] ?? fields['tag'] ?? String(fields['payload'] ?? '').trim();
    this.heard.push(`${name} ${said}`);
  }
}

/** The id of a client's own node. */
export function ownNode(index: number): Id {
  return [wordOf(index, nodeBits), 1];
}

/** An id that no peer holds. */
export const unknownId: Id = [wordOf(0xfffff, handleBits), 7];
