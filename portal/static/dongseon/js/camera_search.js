/** What of a camera is looked for: its words without spaces, and their first sounds (호수공원 as ㅎㅅㄱㅇ). */

const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const FIRST_SYLLABLE = 0xac00;
const SYLLABLES = 11172;
const PER_INITIAL = 588;

/** Number, name, address and purpose of a camera, ready to be searched. */
export function searchText(row) {
  const text = plain([row.code, row.name, row.address, row.purpose].filter(Boolean).join(" ")).replaceAll(/\s/g, "");
  return `${text} ${initials(text)}`;
}

/** The words that somebody typed, each of which has to be found. */
export const searchWords = (typed) => plain(typed).split(/\s+/).filter(Boolean);

const plain = (text) => text.normalize("NFC").toLowerCase();

function initials(text) {
  return [...text].map((letter) => {
    const at = letter.charCodeAt(0) - FIRST_SYLLABLE;
    return at >= 0 && at < SYLLABLES ? INITIALS[Math.floor(at / PER_INITIAL)] : letter;
  }).join("");
}
