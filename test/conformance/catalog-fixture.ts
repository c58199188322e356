/**
 * The fixture of a transport with sockets, from its entry in the catalog: all that `test/transports/<name>.test.ts` needs.
 */
import { loadNative } from '../../broker/native/addon.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { createParts, transportEntry } from '../support/parts.js';
import type { Fixture, RawConnection } from './fixture.js';

/** The transport with this name, on the event loop of this process. */
export function catalogFixture(name: string): Fixture {
  const { manifest, create } = transportEntry(name);
  const parts = createParts();
  return {
    name,
    manifest,
    create: () => create(parts),
    rawConnect: async (path) => rawConnect(parts.loop, path),
  };
}

function rawConnect(loop: PacketLoop, path: string): RawConnection {
  const native = loadNative();
  let settle: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const socket = loop.adopt(native.connect(path), {
    packet: (_offset, _length, descriptors) => {
      for (const descriptor of descriptors) native.close(descriptor);
    },
    ended: () => settle(),
    drained: () => {},
  });
  return {
    ended,
    send: (bytes, descriptors = []) => {
      if (descriptors.length === 0) {
        // Not through the loop, which would not send what is not a frame.
        if (!socket.isClosed) native.write(socket.descriptor, bytes, 0, bytes.byteLength);
        return;
      }
      const at = socket.begin(bytes.byteLength);
      loop.sendBytes.set(bytes, at);
      socket.commit(descriptors);
      loop.flush();
    },
    close: () => socket.close(),
  };
}
