/** W4: one message to many receivers, until the last has it, over what needs nothing but this project. */
import type { CellDefinition, Placement } from '../latency/cell.js';
import { PeerProcess } from '../latency/peer-process.js';
import { fanOutBatch } from '../peers/fan-out.js';
import { createReceipts } from '../peers/receipts.js';
import { brokerFirst, clientLast, cpuArgument, freshPath, nativePeer, startPeer } from './contenders.js';

/** A cell of W4, whatever the contender. */
export function fanOutCell(
  contender: string,
  call: 'multicast' | 'multicast-cost' | 'signal',
  placement: Placement,
  payloadBytes: number,
  receivers: number,
  launch: CellDefinition['launch'],
): CellDefinition {
  return { workload: 'W4', contender, call, payloadBytes, placement: placement.name, receivers, launch };
}

/** A file in the run's directory, in which receivers report. */
export function freshReceipts(directory: string): string {
  const path = `${freshPath(directory)}.receipts`;
  createReceipts(path);
  return path;
}

/** The receivers' side of a launch over a transport, each a peer with a connection of its own. */
function startReceivers(
  name: string,
  path: string,
  receipts: string,
  placement: Placement,
  receivers: number,
  processes: number,
): (() => PeerProcess)[] {
  const share = Math.ceil(receivers / processes);
  return Array.from({ length: Math.ceil(receivers / share) }, (_, at) => {
    const first = at * share;
    const numbers = [first, Math.min(share, receivers - first)].map(String);
    return () => startPeer(placement.service, 'receivers', name, path, receipts, ...numbers);
  });
}

/** The receivers' side of a launch: one process each. */
export function startEach(receivers: number, start: (index: string) => PeerProcess): (() => PeerProcess)[] {
  return Array.from({ length: receivers }, (_, index) => () => start(String(index)));
}

function launchOver(
  name: string,
  placement: Placement,
  receipts: (directory: string) => string,
  payloadBytes: number,
  receivers: number,
  processes: number,
): CellDefinition['launch'] {
  const start = name === 'bus' ? brokerFirst : clientLast;
  return async (directory) => {
    const path = freshPath(directory);
    const told = receipts(directory);
    const numbers = [payloadBytes, receivers].map(String);
    return start([
      () => startPeer(placement.broker, 'hub', name, path),
      ...startReceivers(name, path, told, placement, receivers, processes),
      () => startPeer(placement.client, 'fan-out', name, path, told, ...numbers),
    ]);
  };
}

/** Until the last has it. With `processes` the receivers share as many; without it each is a process of its own. */
export function fanOutCells(
  placement: Placement,
  payloadBytes: number,
  receivers: number,
  processes: number = receivers,
): CellDefinition[] {
  const cpus = [cpuArgument(placement.client), cpuArgument(placement.service)];
  const command = [nativePeer('seqpacket-fanout'), ...cpus, String(payloadBytes), String(receivers)];
  return [
    fanOutCell('c-seqpacket', 'multicast', placement, payloadBytes, receivers, () =>
      clientLast([() => new PeerProcess('c-seqpacket', command)]),
    ),
    ...['sockets', 'bus'].map((name) => ({
      ...fanOutCell(
        name,
        'multicast',
        placement,
        payloadBytes,
        receivers,
        launchOver(name, placement, freshReceipts, payloadBytes, receivers, processes),
      ),
      receiverProcesses: Math.min(processes, receivers),
    })),
  ];
}

/** What multicasts cost the one who sends them: a sample is the sender's CPU time for a batch of them. */
export function fanOutCostCells(
  placement: Placement,
  payloadBytes: number,
  receivers: number,
  processes: number,
): CellDefinition[] {
  return ['sockets', 'bus'].map((name) => ({
    ...fanOutCell(
      name,
      'multicast-cost',
      placement,
      payloadBytes,
      receivers,
      launchOver(name, placement, () => 'none', payloadBytes, receivers, processes),
    ),
    messagesPerSample: fanOutBatch,
    receiverProcesses: Math.min(processes, receivers),
  }));
}
