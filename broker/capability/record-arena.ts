/**
 * Records of a few 32-bit words each, in pages, found by number.
 *
 * A million handles as objects would be a million things for the garbage collector to walk through, at 100 bytes and more each;
 * as words in typed arrays they are 40 bytes, and no collection sees them (docs/decisions, "tables in pages of words"). Pages
 * never move, so growing copies nothing and needs no memory for two copies at once; a page without records is given back.
 *
 * A number may be used again as soon as its record is free. That is safe for whoever has an id with a generation, and for nobody
 * else: so numbers never leave the core.
 */

const pageBits = 12;
const pageRecords = 1 << pageBits;
const pageMask = pageRecords - 1;

/** What stands in the place of a page that was given back. */
const noPage = new Uint32Array(0);

/** Who is free in a page. */
class PageRoom {
  readonly page: number;
  used = 0;
  /** Slots from here on were never used. */
  fresh: number;
  /** The first slot that was used and is free, plus 1; the next one stands in its first word. */
  free = 0;
  /** Where the page stands in the list of those with room; -1 if it is full. */
  place = -1;

  constructor(page: number) {
    this.page = page;
    // Number 0 is nobody.
    this.fresh = page === 0 ? 1 : 0;
  }
}

export class RecordArena {
  readonly #recordWords: number;
  readonly #pages: Uint32Array[] = [];
  readonly #rooms: (PageRoom | undefined)[] = [];
  readonly #open: PageRoom[] = [];
  readonly #absent: number[] = [];
  #size = 0;

  constructor(recordWords: number) {
    this.#recordWords = recordWords;
  }

  /** Records in use. */
  get size(): number {
    return this.#size;
  }

  /** Pages that are there now. */
  get pages(): number {
    return this.#pages.length - this.#absent.length;
  }

  get(record: number, word: number): number {
    const page = this.#pages[record >>> pageBits] as Uint32Array;
    return page[(record & pageMask) * this.#recordWords + word] as number;
  }

  set(record: number, word: number, value: number): void {
    const page = this.#pages[record >>> pageBits] as Uint32Array;
    page[(record & pageMask) * this.#recordWords + word] = value;
  }

  /** A record whose words are 0; its number is never 0. */
  take(): number {
    const room = this.#open.at(-1) ?? this.#addPage();
    let slot = room.free - 1;
    if (slot >= 0) {
      const at = slot * this.#recordWords;
      const page = this.#pages[room.page] as Uint32Array;
      room.free = page[at] as number;
      page[at] = 0;
    } else {
      slot = room.fresh;
      room.fresh += 1;
    }
    room.used += 1;
    this.#size += 1;
    if (room.free === 0 && room.fresh === pageRecords) this.#close(room);
    return (room.page << pageBits) | slot;
  }

  free(record: number): void {
    const number = record >>> pageBits;
    const room = this.#rooms[number] as PageRoom;
    const page = this.#pages[number] as Uint32Array;
    const slot = record & pageMask;
    const at = slot * this.#recordWords;
    page.fill(0, at, at + this.#recordWords);
    page[at] = room.free;
    room.free = slot + 1;
    room.used -= 1;
    this.#size -= 1;
    if (room.place < 0) this.#openUp(room);
    // One page with room is kept, so that a record that comes and goes does not make and drop a page each time.
    if (room.used === 0 && this.#open.length > 1) this.#dropPage(room);
  }

  #addPage(): PageRoom {
    const number = this.#absent.pop() ?? this.#pages.length;
    const room = new PageRoom(number);
    this.#pages[number] = new Uint32Array(pageRecords * this.#recordWords);
    this.#rooms[number] = room;
    this.#openUp(room);
    return room;
  }

  #dropPage(room: PageRoom): void {
    this.#close(room);
    this.#pages[room.page] = noPage;
    this.#rooms[room.page] = undefined;
    this.#absent.push(room.page);
  }

  #openUp(room: PageRoom): void {
    room.place = this.#open.length;
    this.#open.push(room);
  }

  #close(room: PageRoom): void {
    const last = this.#open.pop() as PageRoom;
    if (last !== room) {
      this.#open[room.place] = last;
      last.place = room.place;
    }
    room.place = -1;
  }
}
