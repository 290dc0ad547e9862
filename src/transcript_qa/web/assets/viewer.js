// Runs once in the viewer's component. Any link to a transcript opens it beside the chat; with a modifier key held,
// or in a link that names a target, it opens as a page as links do.
const side = element.closest('#side');
let opener = null;

const isOpen = () => side.classList.contains('viewer-open');

const close = () => {
  side.classList.remove('viewer-open');
  if (opener && opener.isConnected) opener.focus({ preventScroll: true });
};

const transcriptLink = (event) => event.target.closest && event.target.closest("a[href^='/t/']");

document.addEventListener('click', (event) => {
  if (!element.isConnected || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = transcriptLink(event);
  if (!link || element.contains(link)) return;
  event.preventDefault();
  opener = link;
  // Not `path`: Gradio takes an object with that key for a file, and refuses it.
  trigger('opened', { link: link.getAttribute('href') });
});

// A citation in the text and its card light up together.
const light = (event) => {
  const link = event.type === 'mouseover' || event.type === 'focusin' ? transcriptLink(event) : null;
  for (const card of side.querySelectorAll('.tq-card')) {
    card.classList.toggle('lit', !!link && card !== link && card.getAttribute('href') === link.getAttribute('href'));
  }
};
for (const kind of ['mouseover', 'focusin']) document.addEventListener(kind, light);

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && isOpen()) close();
});

element.addEventListener('click', (event) => {
  if (event.target.closest('[data-close]')) close();
});

// A long transcript comes with the turns around the place only; the others follow, first those below.
const fill = async (box, list) => {
  const add = async (start, stop, where) => {
    const answer = await fetch(`/tq/turns/${list.dataset.page.slice(3)}?start=${start}&stop=${stop}`);
    if (!answer.ok) return false;
    const html = await answer.text();
    if (!list.isConnected) return false;
    const anchor = list.firstElementChild;
    const before = anchor.getBoundingClientRect().top;
    list.insertAdjacentHTML(where, html);
    if (where === 'afterbegin') box.scrollTop += anchor.getBoundingClientRect().top - before;
    return true;
  };
  const size = Number(list.dataset.size), step = 2000;
  const first = Number(list.dataset.first), end = first + list.children.length;
  for (let at = end; at < size; at += step) if (!await add(at, Math.min(size, at + step), 'beforeend')) return;
  for (let at = first; at > 0; at -= step) if (!await add(Math.max(0, at - step), at, 'afterbegin')) return;
};

watch('value', () => {
  const box = element.querySelector('.tq-scroll');
  side.classList.toggle('viewer-open', !!box);
  if (!box) return;
  const list = box.querySelector('.tq-turns');
  tools(element);
  const turn = box.querySelector('.tq-turn.cited');
  const place = box.querySelector('mark') || turn;
  // Turns out of sight have an estimated height until they come near: so more than once.
  const go = (times) => {
    if (!place.isConnected) return;
    const offset = place.getBoundingClientRect().top - box.getBoundingClientRect().top;
    box.scrollTop += offset - box.clientHeight / 3;
    if (times > 1) requestAnimationFrame(() => go(times - 1));
  };
  if (place) go(4);
  (turn || element.querySelector('[data-close]')).focus({ preventScroll: true });
  if (list) list.whole = new Promise((done) => setTimeout(() => done(fill(box, list)), 100));
});

// Whether the list of transcripts was open already; where it was not, it is opened.
const openLibrary = () => {
  const open = !!document.querySelector('#library.open');
  if (!open) document.querySelector('#library .toggle-button')?.click();
  return open;
};

// Wide windows have room for the list from the start. Its code may come later than this, and its arrival closes
// what was opened a moment before: so until it has been open twice, a tenth of a second apart.
const settle = (before, left) => {
  const open = openLibrary();
  if (left && !(before && open)) setTimeout(() => settle(open, left - 1), 100);
};
if (window.innerWidth >= 1100) settle(false, 600);

// Files may be dropped anywhere on the page, where files are taken at all.
const files = (event) => event.dataTransfer && [...event.dataTransfer.types].includes('Files');
const input = () => document.querySelector('#upload')?.parentElement.querySelector('input[type=file]');
const drop = (active) => document.querySelector('#desk').classList.toggle('dropping', active);
document.addEventListener('dragover', (event) => {
  if (!files(event) || !input()) return;
  event.preventDefault();
  drop(true);
});
document.addEventListener('dragleave', (event) => { if (!event.relatedTarget) drop(false); });
document.addEventListener('drop', (event) => {
  drop(false);
  const box = input();
  if (!files(event) || !box) return;
  event.preventDefault();
  box.files = event.dataTransfer.files;
  box.dispatchEvent(new Event('change', { bubbles: true }));
  openLibrary();
});
