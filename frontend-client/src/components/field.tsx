type FieldProps = React.ComponentProps<'input'> & { name: string; label: string; help?: string; fault?: string }

/** A labelled field, with what it must be below it, and what is wrong with it. */
export function Field({ name, label, help, fault, ...input }: FieldProps) {
  const described = [help && `${name}-help`, fault && `${name}-fault`].filter(Boolean).join(' ')
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={name} className="font-semibold">
        {label}
      </label>
      <input
        id={name}
        name={name}
        required
        aria-invalid={fault ? true : undefined}
        aria-describedby={described || undefined}
        className="w-full rounded-[10px] border border-field bg-ground px-3.5 py-2.5 aria-invalid:border-danger"
        {...input}
      />
      {fault && (
        <p id={`${name}-fault`} className="text-sm text-danger">
          {fault}
        </p>
      )}
      {help && (
        <p id={`${name}-help`} className="text-sm text-muted">
          {help}
        </p>
      )}
    </div>
  )
}
