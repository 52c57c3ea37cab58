// Every page works without this file.
(() => {
  'use strict'

  // Filters apply as soon as they are chosen.
  for (const select of document.querySelectorAll('select[data-now]')) {
    select.addEventListener('change', () => select.form.requestSubmit())
  }

  // Empty fields are left out of the URL.
  for (const form of document.querySelectorAll('form.finder')) {
    form.addEventListener('formdata', ({ formData }) => {
      for (const [name, value] of [...formData]) if (value === '') formData.delete(name)
    })
  }

  // "/" focuses the search.
  const search = document.getElementById('search')
  if (search) {
    document.addEventListener('keydown', (event) => {
      const typing = event.target.closest?.('input, select, textarea')
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      search.focus()
      search.select()
    })
  }

  // A box selects all rows of the page, and the selected rows are counted.
  for (const rows of document.querySelectorAll('form.rows')) {
    const boxes = [...rows.querySelectorAll('input[name=key]')]
    const all = rows.querySelector('[data-all]')
    if (!all) continue
    all.hidden = false
    const box = all.querySelector('input')
    const output = rows.querySelector('[data-selected]')
    const count = () => {
      const selected = boxes.filter((each) => each.checked).length
      box.checked = selected === boxes.length
      box.indeterminate = selected > 0 && selected < boxes.length
      output.textContent = selected ? `${selected} selected` : ''
    }
    box.addEventListener('change', () => {
      for (const each of boxes) each.checked = box.checked
      count()
    })
    rows.addEventListener('change', count)
    count()
  }

  // Long lists of options get a filter.
  for (const options of document.querySelectorAll('[data-options]')) {
    const labels = [...options.querySelectorAll('.option')]
    if (labels.length < 9) continue
    const find = document.createElement('input')
    find.type = 'search'
    find.placeholder = 'Filter'
    find.setAttribute('aria-label', `Filter: ${options.closest('fieldset').querySelector('legend').textContent}`)
    find.className = 'narrow'
    find.addEventListener('input', () => {
      const word = find.value.trim().toLowerCase()
      for (const label of labels) label.hidden = !label.textContent.toLowerCase().includes(word)
      for (const group of options.querySelectorAll('.option-group')) {
        let next = group.nextElementSibling
        let some = false
        for (; next?.classList.contains('option'); next = next.nextElementSibling) some ||= !next.hidden
        group.hidden = !some
      }
    })
    find.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') event.preventDefault()
    })
    options.before(find)
  }

  // A form is submitted once, however often its button is pressed.
  for (const form of document.querySelectorAll('form[method=post]')) {
    form.addEventListener('submit', (event) => {
      if (form.dataset.sent) event.preventDefault()
      form.dataset.sent = 'yes'
    })
  }
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent
  })

  // The account menu closes on Escape and on a click elsewhere.
  const me = document.querySelector('details.me')
  if (me) {
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !me.open) return
      me.open = false
      me.querySelector('summary').focus()
    })
    document.addEventListener('click', (event) => {
      if (!me.contains(event.target)) me.open = false
    })
  }
})()
