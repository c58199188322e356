/**
 * A connection that keeps no rules: packets of any bytes with any descriptors, and a look at what the other side sends.
 */
import { loadNative } from '../../broker/native/addon.js';
import type { PacketLoop } from '../../broker/native/packets.js';

export interface RawSocket {
  /** Sends one packet now. Takes the descriptors; with any, the bytes are a multiple of 8. */
  send(bytes: Uint8Array, descriptors?: readonly number[]): void;
  /** Copies of the packets that have arrived. */
  readonly packets: readonly Uint8Array[];
  /** The descriptors that have arrived; the test closes them. */
  readonly descriptors: number[];
  readonly isEnded: boolean;
  /** Resolves when the other side has closed the connection. */
  readonly ended: Promise<void>;
  /** Stops or resumes reading. */
  setReading(on: boolean): void;
  /** Idempotent. */
  close(): void;
}

/** Adopts a connected SOCK_SEQPACKET descriptor, which is taken. */
export function rawSocket(loop: PacketLoop, descriptor: number): RawSocket {
  const native = loadNative();
  const packets: Uint8Array[] = [];
  const received: number[] = [];
  let isEnded = false;
  let settle: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const socket = loop.adopt(descriptor, {
    packet: (offset, length, descriptors) => {
      packets.push(loop.receiveBytes.slice(offset, offset + length));
      received.push(...descriptors);
    },
    ended: () => {
      isEnded = true;
      settle();
    },
    drained: () => {},
  });
  return {
    packets,
    descriptors: received,
    ended,
    get isEnded() {
      return isEnded;
    },
    send: (bytes, descriptors = []) => {
      if (descriptors.length === 0) {
        // Not through the loop, which would not send what is not a frame.
        if (!socket.isClosed) native.write(socket.descriptor, bytes, 0, bytes.byteLength);
        return;
      }
      loop.sendBytes.set(bytes, socket.begin(bytes.byteLength));
      socket.commit(descriptors);
      loop.flush();
    },
    setReading: (on) => socket.setReading(on),
    close: () => socket.close(),
  };
}

/** Connects to a socket path. */
export function rawConnect(loop: PacketLoop, path: string): RawSocket {
  return rawSocket(loop, loadNative().connect(path));
}
