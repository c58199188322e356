/**
 * A packet loop whose socket goes nowhere: what is committed stays in the arena, one frame behind the other, until `rewind`. With it
 * the transports' own writers and readers of frames run without a kernel.
 */
import type { PacketListener, PacketLoop, PacketSocket, Watch } from '../../broker/native/packets.js';

const arenaBytes = 64 * 1024;

function noKernel(): never {
  throw new Error('a loop without a kernel');
}

export class StillLoop implements PacketLoop {
  readonly sendBytes = new Uint8Array(arenaBytes);
  readonly sendView = new DataView(this.sendBytes.buffer);
  /** What is sent is what is received. */
  readonly receiveBytes = this.sendBytes;
  readonly receiveView = this.sendView;
  readonly senderPid = 0;
  readonly senderUid = 0;
  readonly senderGid = 0;
  readonly turns = 0;
  readonly epoch = 0;
  readonly open = 0;
  /** Bytes written since `rewind`. */
  length = 0;
  readonly socket: PacketSocket = {
    descriptor: -1,
    isClosed: false,
    queuedBytes: 0,
    queuedFrames: 0,
    begin: (length) => {
      const at = this.length;
      this.length = at + length;
      return at;
    },
    commit: () => undefined,
    commitNow: () => 0,
    commitShared: noKernel,
    setCredentials: () => undefined,
    setReading: () => undefined,
    end: () => undefined,
    close: () => undefined,
  };

  rewind(): void {
    this.length = 0;
  }

  adopt(): PacketSocket {
    return this.socket;
  }

  accept(): PacketListener {
    return noKernel();
  }

  watch(): Watch {
    return noKernel();
  }

  share(): number {
    return noKernel();
  }

  flush(): void {}

  setReference(): void {}
}
