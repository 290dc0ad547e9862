// Runs once in the filter by date: its value is "first/last", either of which may be empty.
const [first, last] = element.querySelectorAll('input');
const tell = () => {
  last.min = first.value;
  first.max = last.value;
  props.value = `${first.value}/${last.value}`;
};
for (const box of [first, last]) box.addEventListener('change', tell);
