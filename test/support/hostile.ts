// 500 texts that act on a terminal, or on the eye, should they ever get to one as they are; and what is to be seen of each instead.
// Each is distinct and stands between two brackets of its own, so that it can be found again.

export interface Hostile {
  /** As a client, a database or a gateway might send it. */
  readonly text: string
  /** What has to be seen of it: all of it in characters that only show, as far as a table shows a cell. */
  readonly visible: string
}

type Kind = (n: number) => string

const esc = '\u001B'
const bel = '\u0007'
const st = `${esc}\\`

/** Each gets its number, so that parameters differ. What is 7-bit here is tried in its 8-bit form too, where it has one. */
const kinds: readonly Kind[] = [
  // OSC: titles, the icon's name, clipboard (read and write), hyperlinks, colours asked for and set, a folder, a notification, a file.
  (n) => `${esc}]${n % 3};title ${n}${bel}`,
  (n) => `${esc}]2;title ${n}${st}`,
  (n) => `${esc}]52;c;cm0gLXJmIC8=${n}${bel}`,
  (n) => `${esc}]52;p${n};?${st}`,
  (n) => `${esc}]8;id=${n};https://evil.example/${n}${st}click${esc}]8;;${st}`,
  (n) => `${esc}]${10 + n % 10};?${bel}`,
  (n) => `${esc}]4;${n};?${st}`,
  (n) => `${esc}]7;file://evil/${n}${st}`,
  (n) => `${esc}]9;${n} new messages${bel}`,
  (n) => `${esc}]1337;File=inline=1;size=${n}:AAAA${bel}`,
  (n) => `${esc}]133;${'ABCD'[n % 4]};${n}${st}`,
  // CSI: who are you, where is the cursor, what is the window; moving, wiping, scrolling, colours; modes; keys; margins.
  (n) => `${esc}[${n}c`,
  (n) => `${esc}[>${n}c`,
  (n) => `${esc}[=${n}c`,
  (n) => `${esc}[${5 + n % 2}n${n}`,
  (n) => `${esc}[?${n}n`,
  (n) => `${esc}[${11 + n % 11}t${n}`,
  (n) => `${esc}[8;${n};1t`,
  (n) => `${esc}[21;${n}t`,
  (n) => `${esc}[${n % 20 + 1}${'ABCDEFG'[n % 7]}${n}`,
  (n) => `${esc}[${n};1H`,
  (n) => `${esc}[${n % 4}J${n}`,
  (n) => `${esc}[${n % 3}K${n}`,
  (n) => `${esc}[${n}S`,
  (n) => `${esc}[${n}L`,
  (n) => `${esc}[${30 + n % 8};${n}m`,
  (n) => `${esc}[8mhidden ${n}${esc}[28m`,
  (n) => `${esc}[?${[1049, 47, 1047, 25, 1000, 1002, 1003, 1006, 2004, 7, 5, 3, 1, 66, 9, 1004][n % 16]}h${n}`,
  (n) => `${esc}[?25l${n}`,
  (n) => `${esc}[4h${n}`,
  (n) => `${esc}[${n % 9 + 1};${n % 9 + 4}r${n}`,
  (n) => `${esc}[>${n}u${esc}[?u`,
  (n) => `${esc}[!p${n}`,
  (n) => `${esc}["${n}$p`,
  (n) => `${esc}[?${n}$p`,
  (n) => `${esc}[${n}b`,
  (n) => `${esc}[>${n}q`,
  // DCS, APC, PM, SOS: settings asked for, sixels, tmux's own tunnel, images.
  (n) => `${esc}P$qm${st}${n}`,
  (n) => `${esc}P+q544e;${n}${st}`,
  (n) => `${esc}P${n}q#0;2;0;0;0#0~~@@vv@@~~$-${st}`,
  (n) => `${esc}Ptmux;${esc}${esc}]52;c;${n}${bel}${st}`,
  (n) => `${esc}_Gi=${n},a=q;AAAA${st}`,
  (n) => `${esc}^private ${n}${st}`,
  (n) => `${esc}Xstring ${n}${st}`,
  // Escapes without parameters: reset, character sets, saving and restoring, reverse index, an alignment pattern.
  (n) => `${esc}c${n}`,
  (n) => `${esc}(0lqqk${n}${esc}(B`,
  (n) => `${esc}${'78DEHM=>NOZ'[n % 11]}${n}`,
  (n) => `${esc}#8${n}`,
  (n) => `${esc}%${'G@'[n % 2]}${n}`,
  // Single controls, and what they make of a line.
  (n) => `secret${'\b'.repeat(n % 9 + 1)}public${n}`,
  (n) => `DROP TABLE t${n}\rSELECT ${n}`,
  (n) => `${String.fromCharCode([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31, 127][n % 28]!)}${n}`,
  (n) => `${String.fromCharCode(0x80 + n % 32)}${n}`,
  (n) => `${bel.repeat(n % 5 + 1)}${n}`,
  // The eye: direction, no width, invisible, another line, tags, a filler, half of an emoji's parts.
  (n) => `\u202E${n}txt.exe\u202C`,
  (n) => `\u2067${n}\u2066;DROP\u2069`,
  (n) => `pass\u200B\u200C\u200Dword${n}\uFEFF`,
  (n) => `\u2028line ${n}\u2029`,
  (n) => `${[...`tag${n}`].map((character) => String.fromCodePoint(0xE0000 + character.charCodeAt(0))).join('')}${n}`,
  (n) => `\u3164\u115F${n}\u00AD\u061C`,
  (n) => `\u2764\uFE0F\u200D${n}`,
  (n) => `\uE000${n}\u{F0000}`,
  // Never ended, or cut in the middle: whatever comes next would belong to it.
  (n) => `${n}${esc}`,
  (n) => `${n}${esc}[`,
  (n) => `${n}${esc}[38;5;`,
  (n) => `${esc}]0;never ended ${n}`,
  (n) => `${esc}P${n}never ended`,
  (n) => `${esc}_never ended ${n}`,
  (n) => `${esc}]52;c;${n}`,
  // One within another, and long ones.
  (n) => `${esc}]0;${esc}]0;${esc}[${n}m${bel}`,
  (n) => `${esc}[${`${n};`.repeat(60)}m`,
  (n) => `${esc}]0;${`long ${n} `.repeat(n < 100 ? 800 : 40)}${bel}`,
  (n) => `${esc}P${`${n}`.repeat(n < 100 ? 4_000 : 100)}${st}`
]

const eightBit: Readonly<Record<string, string>> = { '[': '\u009B', ']': '\u009D', P: '\u0090', _: '\u009F', '^': '\u009E', X: '\u0098', '\\': '\u009C' }
const count = 500
/** Of a cell; longer ones are cut where they are shown in a table. */
const seenCharacters = 60

/** What takes no room, has no shape, or turns what stands around. */
const unseen: readonly (readonly [number, number])[] = [
  [0xAD, 0xAD], [0x61C, 0x61C], [0x115F, 0x115F], [0x200B, 0x200F], [0x2028, 0x202E], [0x2060, 0x206F], [0x3164, 0x3164], [0xE000, 0xF8FF],
  [0xFE00, 0xFE0F], [0xFEFF, 0xFEFF], [0xE0000, 0xE0FFF], [0xF0000, 0xFFFFD]
]

export const hostiles: readonly Hostile[] = Array.from({ length: count }, (_, i) => {
  const round = Math.floor(i / kinds.length)
  const seven = kinds[i % kinds.length]!(i)
  const text = `{${i}:${round % 2 === 0 ? seven : seven.replace(/\u001B([[\]P_^X\\])/g, (_, letter: string) => eightBit[letter]!)}:${i}}`
  return { text, visible: visibleOf(text.length <= 190 ? text : text.slice(0, seenCharacters)) }
})

/** Said anew here, and not taken from what is tested: by code points, and only those that are used above. */
function visibleOf(text: string): string {
  return [...text].map((character) => {
    const code = character.codePointAt(0)!
    const acts = code < 0x20 || (code >= 0x7F && code <= 0x9F) || unseen.some(([first, last]) => code >= first && code <= last)
    return acts ? `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>` : character
  }).join('')
}
