/**
 * What a page is asked about its own layout, in its own language: this function is sent to the browser as text, so it uses nothing from
 * outside of itself. It returns what is wrong, a sentence each.
 */

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
  readonly height: number;
}

interface PageElement {
  readonly tagName: string;
  readonly textContent: string | null;
  readonly id: string;
  readonly parentElement: PageElement | null;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  getBoundingClientRect(): Box;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  closest(selector: string): PageElement | null;
}

/** As much of a page as the function uses. */
interface Page {
  readonly document: {
    readonly documentElement: { readonly scrollWidth: number };
    querySelectorAll(selector: string): Iterable<PageElement>;
  };
  readonly innerWidth: number;
  getComputedStyle(element: PageElement): {
    readonly fill: string;
    readonly backgroundColor: string;
    readonly opacity: string;
  };
}

export function findLayoutFaults(page: Page): string[] {
  const faults: string[] = [];
  const leastContrast = 3;
  const slack = 1;

  const colourOf = (text: string): number[] | undefined => {
    const parts = /^rgba?\(([^)]*)\)/
      .exec(text)?.[1]
      ?.split(/[ ,/]+/)
      .map(Number);
    return parts === undefined || parts.length < 3 || parts[3] === 0 ? undefined : parts;
  };
  const lightness = (colour: readonly number[]): number => {
    const linear = colour.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
  };
  const groundOf = (element: PageElement): number[] => {
    for (let at: PageElement | null = element; at !== null; at = at.parentElement) {
      const colour = colourOf(page.getComputedStyle(at).backgroundColor);
      if (colour !== undefined) return colour;
    }
    return [255, 255, 255];
  };
  const contrast = (a: readonly number[], b: readonly number[]): number => {
    const [dark, light] = [lightness(a), lightness(b)].sort((x, y) => x - y);
    return ((light ?? 1) + 0.05) / ((dark ?? 0) + 0.05);
  };
  const isEmpty = (box: Box): boolean => box.width < 10 || box.height < 10;
  const words = (element: PageElement): string => `"${(element.textContent ?? '').trim()}"`;

  if (page.document.documentElement.scrollWidth > page.innerWidth + slack) {
    const widest = [...page.document.querySelectorAll('main *, header *')].find(
      (one) =>
        one.getBoundingClientRect().right > page.innerWidth + slack &&
        one.closest('.scroll, .panel') === null,
    );
    const who = widest === undefined ? '' : `: ${widest.tagName.toLowerCase()} ${words(widest).slice(0, 60)}`;
    faults.push(`the page is wider than the window${who}`);
  }
  const wide = 1000;
  for (const table of page.innerWidth < wide ? [] : page.document.querySelectorAll('.scroll')) {
    if (table.scrollWidth > table.clientWidth + slack)
      faults.push(`the table "${table.getAttribute('aria-label')}" is wider than its place`);
  }
  let figures = 0;
  for (const figure of page.document.querySelectorAll('figure')) {
    figures++;
    if (isEmpty(figure.getBoundingClientRect())) faults.push(`figure ${figure.id} is not shown`);
    const shown = [...figure.querySelectorAll('svg, table, pre')].filter(
      (one) => one.closest('details') === null,
    );
    if (shown.length === 0) faults.push(`figure ${figure.id} shows nothing`);
  }
  if (figures === 0) faults.push('the page has no figure');
  for (const svg of page.document.querySelectorAll('svg')) {
    const name = svg.getAttribute('aria-labelledby')?.split(' ')[0]?.replace(/-t$/, '') ?? 'a drawing';
    const frame = svg.getBoundingClientRect();
    if (svg.closest('details:not([open])') !== null) continue;
    if (isEmpty(frame)) faults.push(`${name} is not shown`);
    const marks = [...svg.querySelectorAll('path, line, circle, rect')].filter((mark) => {
      const { width, height } = mark.getBoundingClientRect();
      return width > 0 || height > 0;
    });
    if (marks.length < 3) faults.push(`${name} has nothing drawn in it`);
    const ground = groundOf(svg);
    const texts = [...svg.querySelectorAll('text')].filter((text) => (text.textContent ?? '').trim() !== '');
    const boxes = texts.map((text) => ({ text, box: text.getBoundingClientRect() }));
    for (const [at, { text, box }] of boxes.entries()) {
      const colour = colourOf(page.getComputedStyle(text).fill);
      if (colour !== undefined && contrast(colour, ground) < leastContrast)
        faults.push(`${name}: ${words(text)} can hardly be read on its ground`);
      if (
        box.left < frame.left - slack ||
        box.right > frame.right + slack ||
        box.top < frame.top - slack ||
        box.bottom > frame.bottom + slack
      ) {
        faults.push(`${name}: ${words(text)} is cut off`);
      }
      for (const { text: other, box: second } of boxes.slice(at + 1)) {
        const across = Math.min(box.right, second.right) - Math.max(box.left, second.left);
        const down = Math.min(box.bottom, second.bottom) - Math.max(box.top, second.top);
        if (across > slack && down > slack)
          faults.push(`${name}: ${words(text)} and ${words(other)} overlap`);
      }
    }
  }
  return faults;
}
