// Comfort only: every page works without this file.
(() => {
  'use strict'

  // A filter is applied as soon as it is chosen.
  for (const select of document.querySelectorAll('select[data-now]')) {
    select.addEventListener('change', () => select.form.requestSubmit())
  }

  // An address that says nothing of what was left empty.
  for (const form of document.querySelectorAll('form.finder')) {
    form.addEventListener('formdata', ({ formData }) => {
      for (const [name, value] of [...formData]) if (value === '') formData.delete(name)
    })
  }

  // "/" goes to the search.
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

  // All of a page are ticked at once, and those that are ticked are counted.
  for (const rows of document.querySelectorAll('form.rows')) {
    const boxes = [...rows.querySelectorAll('input[name=key]')]
    const all = rows.querySelector('[data-all]')
    if (!all) continue
    all.hidden = false
    const box = all.querySelector('input')
    const told = rows.querySelector('[data-ticked]')
    const count = () => {
      const ticked = boxes.filter((each) => each.checked).length
      box.checked = ticked === boxes.length
      box.indeterminate = ticked > 0 && ticked < boxes.length
      told.textContent = ticked ? `${ticked} ticked` : ''
    }
    box.addEventListener('change', () => {
      for (const each of boxes) each.checked = box.checked
      count()
    })
    rows.addEventListener('change', count)
    count()
  }

  // Many options can be searched.
  for (const options of document.querySelectorAll('[data-options]')) {
    const labels = [...options.querySelectorAll('.option')]
    if (labels.length < 9) continue
    const find = document.createElement('input')
    find.type = 'search'
    find.placeholder = 'Narrow these down'
    find.setAttribute('aria-label', `Narrow down: ${options.closest('fieldset').querySelector('legend').textContent}`)
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

  // A form is sent once, however often its button is pressed.
  for (const form of document.querySelectorAll('form[method=post]')) {
    form.addEventListener('submit', (event) => {
      if (form.dataset.sent) event.preventDefault()
      form.dataset.sent = 'yes'
    })
  }
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent
  })

  // The menu of one's own account closes on Escape, and when something else is clicked.
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
